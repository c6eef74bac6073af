/** What a process preloads whose WASM backend is to be at fault: gradients through elu are half as large again, and each of them leaves a tensor behind. */
import "@tensorflow/tfjs-backend-wasm";
import {
  getKernel,
  keep,
  mul,
  registerKernel,
  scalar,
  type Tensor,
  unregisterKernel,
} from "@tensorflow/tfjs-core";

const right = getKernel("EluGrad", "wasm");
unregisterKernel("EluGrad", "wasm");
registerKernel({
  ...right,
  kernelFunc: ({ inputs: { dy, y }, backend }) => {
    if (dy === undefined || y === undefined) throw new Error("a gradient without its inputs");
    keep(scalar(1));
    const larger: Tensor = mul(dy as Tensor, 1.5);
    return right.kernelFunc({ inputs: { dy: larger, y }, backend });
  },
});
