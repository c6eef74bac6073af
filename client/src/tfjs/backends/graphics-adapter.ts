import { ClientError } from "../../error.ts";
import { within } from "./within.ts";

/** A graphics processor, or a program that pretends to be one. */
export interface GraphicsAdapter {
  /** What it was asked for from. Dawn may keep the process alive as long as this lives (README of npm's webgpu). */
  readonly gpu: GPU;
  readonly adapter: GPUAdapter;
  /** For people: "NVIDIA H100, driver 550.54". */
  readonly device: string;
  readonly isSoftware: boolean;
}

/** A driver that has not answered by then hangs. Compiling its first shader takes seconds. */
const ANSWER_MS = 20_000;

/** Drivers that compute on the processor, and not all of which say so. */
const SOFTWARE = /swiftshader|llvmpipe|lavapipe|softpipe|basic render|\bwarp\b/i;

/**
 * Asks npm's `webgpu` (Dawn) for the fastest graphics processor, on which it makes a device only later. Throws {@link ClientError} `backend-failed` where
 * the package is not installed or does not load, and where there is no adapter; the signal's reason when aborted.
 */
export async function findAdapter(signal: AbortSignal): Promise<GraphicsAdapter> {
  const { create, globals } = await loadDawn();
  // What TensorFlow.js expects of a browser: GPUBufferUsage, GPUMapMode and the like.
  for (const [name, value] of Object.entries(globals)) {
    if (!(name in globalThis)) Object.defineProperty(globalThis, name, { value, writable: true });
  }
  const gpu = create([]);
  const asked = gpu.requestAdapter({ powerPreference: "high-performance" });
  const adapter = await within(asked, ANSWER_MS, "the graphics driver names no adapter", signal);
  if (adapter === null) throw new ClientError("backend-failed", NO_ADAPTER);
  return { gpu, adapter, ...describe(adapter.info) };
}

const NO_ADAPTER =
  process.platform === "linux"
    ? "no graphics adapter: wants a GPU, its driver with a Vulkan ICD, and libvulkan.so.1 (Debian: apt-get install libvulkan1)"
    : "no graphics adapter: wants a GPU and its driver";

type Dawn = typeof import("webgpu");

async function loadDawn(): Promise<Dawn> {
  try {
    return await import("webgpu");
  } catch (cause) {
    const text = cause instanceof Error ? cause.message.split("\n", 1)[0] : String(cause);
    const isMissing =
      cause instanceof Error && "code" in cause && cause.code === "ERR_MODULE_NOT_FOUND";
    const why = isMissing
      ? "npm's package webgpu is not installed (npm install webgpu)"
      : `npm's package webgpu does not load: ${text}`;
    throw new ClientError("backend-failed", why, { cause });
  }
}

/** How an adapter presents itself. */
type AdapterInfo = Pick<
  GPUAdapterInfo,
  "vendor" | "architecture" | "device" | "description" | "isFallbackAdapter"
>;

/** An adapter in words, and whether it is a program: told by itself, or known by its name. */
export function describe(info: AdapterInfo): { device: string; isSoftware: boolean } {
  const { vendor, architecture, device, description } = info;
  const everything = [vendor, architecture, device, description].join(" ");
  return {
    device: description || [vendor, device || architecture].filter(Boolean).join(" ") || "unnamed",
    isSoftware: info.isFallbackAdapter || SOFTWARE.test(everything),
  };
}
