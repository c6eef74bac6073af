import { enableProdMode, setBackend } from "@tensorflow/tfjs-core";
// Registers the gradients of the operations, which the Node build of tfjs-core leaves out.
import "@tensorflow/tfjs-layers";
import { installTrainingKernels } from "../kernels/install.ts";
import type { BackendName, OpenBackend, Rung } from "./backend.ts";
import { CPU } from "./cpu.ts";
import { TENSORFLOW } from "./tensorflow.ts";
import { WASM } from "./wasm.ts";
import { WEBGPU } from "./webgpu.ts";

const RUNGS: Readonly<Record<BackendName, Rung>> = {
  tensorflow: TENSORFLOW,
  webgpu: WEBGPU,
  wasm: WASM,
  cpu: CPU,
};

/** What this process has started: one registry a process, as TensorFlow.js has one. */
const STARTED = new Map<BackendName, Promise<OpenBackend>>();

/**
 * Starts a backend, where this process has not yet, and selects it for the whole process. Waits where it is starting; throws
 * as {@link Rung.open}, and {@link ClientError} `backend-failed` for one that has failed before.
 */
export async function openRung(name: BackendName, signal: AbortSignal): Promise<OpenBackend> {
  signal.throwIfAborted();
  // Else the reference backend prints an advertisement for another one.
  enableProdMode();
  // Kernels for WASM, and a gradient that every backend lacks.
  installTrainingKernels();
  const starting = STARTED.get(name) ?? start(name, signal);
  const open = await starting;
  signal.throwIfAborted();
  open.failed.throwIfAborted();
  await setBackend(name);
  return open;
}

function start(name: BackendName, signal: AbortSignal): Promise<OpenBackend> {
  const starting = RUNGS[name].open(signal);
  STARTED.set(name, starting);
  // Whoever waits for it gets the reason; the next one may try again.
  starting.catch(() => STARTED.delete(name));
  return starting;
}
