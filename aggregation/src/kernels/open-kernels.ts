import type { Kernels } from "./kernels.ts";
import { PlainKernels } from "./plain-kernels.ts";
import { WasmKernels } from "./wasm-kernels.ts";

/** The fastest kernels that run here. */
export function openFastKernels(): Kernels {
  return WasmKernels.isSupported ? new WasmKernels() : openPlainKernels();
}

/** The kernels in TypeScript alone. */
export function openPlainKernels(): Kernels {
  return new PlainKernels();
}
