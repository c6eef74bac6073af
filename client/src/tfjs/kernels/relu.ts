import { Relu, type TensorInfo, util } from "@tensorflow/tfjs-core";
import type { KernelSession } from "./kernel-session.ts";
import { floatInput, type KernelCall, type TrainingKernelTable } from "./training-kernel.ts";

/** The positive part. The backend's own makes 0 of a NaN with a sign, which hides that a model has diverged. */
export const RELU_KERNELS: TrainingKernelTable = { [Relu]: rectify };

function rectify(session: KernelSession, call: KernelCall): TensorInfo {
  const x = floatInput(Relu, call, "x");
  const out = session.output(x.shape);
  session.words(out).set(session.words(x));
  session.kernels.finishRows(session.address(out), 0, 1, util.sizeFromShape(x.shape), true);
  return out;
}
