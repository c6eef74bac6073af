import { createRequire } from "node:module";
import { dirname, sep } from "node:path";
import { setWasmPaths } from "@tensorflow/tfjs-backend-wasm";
import { engine, getBackend, ready, setBackend } from "@tensorflow/tfjs-core";
import { ClientError } from "../../error.ts";
import { chooseKernelBuild } from "../kernels/training-kernels.ts";
import { keepProcessHandlers } from "../process-handlers.ts";
import type { OpenBackend, Rung } from "./backend.ts";
import { SteadyBackend } from "./steady-backend.ts";

/** WebAssembly, from the files of its npm package, with our training kernels in place of those that are slow, missing or wrong. */
export const WASM: Rung = {
  name: "wasm",
  open: async () => {
    // TensorFlow.js knows one selected backend a process, by name from the moment in which it begins to start.
    const opening = getBackend() === "wasm" ? ready() : startWasm();
    await opening.catch((cause: unknown) => {
      throw new ClientError("backend-failed", "the WASM backend does not start", { cause });
    });
    if (!("wasm" in engine().registry)) {
      throw new ClientError("backend-failed", "the WASM backend does not start on this machine");
    }
    return openWasm();
  },
};

function openWasm(): OpenBackend {
  return new SteadyBackend("wasm", `one core, ${chooseKernelBuild()}`);
}

async function startWasm(): Promise<void> {
  const packageFile = createRequire(import.meta.url).resolve("@tensorflow/tfjs-backend-wasm");
  setWasmPaths(dirname(packageFile) + sep);
  await keepProcessHandlers(() => setBackend("wasm"));
}
