import { createRequire } from "node:module";
import { dirname, sep } from "node:path";
import { enableProdMode, engine, getBackend, ready, setBackend } from "@tensorflow/tfjs-core";
import "@tensorflow/tfjs-backend-cpu";
import { setWasmPaths } from "@tensorflow/tfjs-backend-wasm";
// Registers the gradients of the operations, which the Node build of tfjs-core leaves out.
import "@tensorflow/tfjs-layers";
import { ClientError } from "../error.ts";
import { installTrainingKernels } from "./kernels/install.ts";
import { keepProcessHandlers } from "./process-handlers.ts";

/** Backends of TensorFlow.js: "wasm" trains, "cpu" (plain JavaScript) is the slow reference that it is compared with. */
export type BackendName = "wasm" | "cpu";

/**
 * Starts the WASM backend, from the files of its npm package, with our training kernels in place of those that are slow,
 * missing or wrong, and selects it for the whole process; does nothing where that has happened, and waits where it is happening. Throws {@link ClientError} `backend-failed` when it does not start,
 * the signal's reason when aborted.
 */
export async function openBackend(signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  // Else the reference backend prints an advertisement for another one.
  enableProdMode();
  // TensorFlow.js knows one selected backend a process, by name from the moment in which it begins to start.
  const opening = getBackend() === "wasm" ? ready() : startWasm();
  await opening.catch((cause: unknown) => {
    throw new ClientError("backend-failed", "the WASM backend does not start", { cause });
  });
  signal.throwIfAborted();
  if (!("wasm" in engine().registry)) {
    throw new ClientError("backend-failed", "the WASM backend does not start on this machine");
  }
}

/**
 * Runs `compute` on a backend and selects the one from before again. Nothing else can run in between: backends that
 * have been started, and "cpu" always, are selected before setBackend returns its promise.
 */
export async function onBackend<T>(name: BackendName, compute: () => T): Promise<T> {
  const previous = getBackend();
  const selected = [setBackend(name)];
  try {
    return compute();
  } finally {
    selected.push(setBackend(previous));
    await Promise.all(selected);
  }
}

async function startWasm(): Promise<void> {
  const packageFile = createRequire(import.meta.url).resolve("@tensorflow/tfjs-backend-wasm");
  setWasmPaths(dirname(packageFile) + sep);
  installTrainingKernels();
  await keepProcessHandlers(() => setBackend("wasm"));
}
