import {
  getKernel,
  type KernelFunc,
  registerKernel,
  unregisterKernel,
} from "@tensorflow/tfjs-core";
import { openBackend } from "./backend.ts";

const NEVER = new AbortController().signal;

/** Runs with a kernel of the WASM backend replaced by what `spoil` makes of it. */
export async function withKernel(
  name: string,
  spoil: (kernel: KernelFunc) => KernelFunc,
  run: () => Promise<void>,
): Promise<void> {
  await openBackend(NEVER);
  const kernel = getKernel(name, "wasm");
  unregisterKernel(name, "wasm");
  registerKernel({ ...kernel, kernelFunc: spoil(kernel.kernelFunc) });
  try {
    await run();
  } finally {
    unregisterKernel(name, "wasm");
    registerKernel(kernel);
  }
}

/** Loses the gradient of every matrix that is the left operand of a product. */
export function loseTransposed(kernel: KernelFunc): KernelFunc {
  return ({ inputs, backend, attrs = {} }) => {
    const result = kernel({ inputs, backend, attrs });
    if (Array.isArray(result) || attrs["transposeA"] !== true) return result;
    return getKernel("ZerosLike", "wasm").kernelFunc({ inputs: { x: result }, backend });
  };
}

/** As {@link loseTransposed}, but only for more than 32 examples. */
export function loseManyTransposed(kernel: KernelFunc): KernelFunc {
  return (call) => {
    const spoilt = (call.inputs["a"]?.shape.at(-2) ?? 0) > 32;
    return spoilt ? loseTransposed(kernel)(call) : kernel(call);
  };
}

/** Gives NaN for everything. */
export function giveNaN(): KernelFunc {
  return ({ inputs: { x }, backend }) => {
    const attrs = { shape: x?.shape ?? [], value: Number.NaN, dtype: "float32" };
    return getKernel("Fill", "wasm").kernelFunc({ inputs: {}, backend, attrs });
  };
}

/** Doubles the gradient of every matrix that is the left operand of a product. */
export function doubleTransposed(kernel: KernelFunc): KernelFunc {
  return ({ inputs, backend, attrs = {} }) => {
    const x = kernel({ inputs, backend, attrs });
    if (Array.isArray(x) || attrs["transposeA"] !== true) return x;
    return getKernel("Add", "wasm").kernelFunc({ inputs: { a: x, b: x }, backend });
  };
}
