import { MaxPool, MaxPoolGrad, type TensorInfo } from "@tensorflow/tfjs-core";
import type { KernelSession } from "./kernel-session.ts";
import {
  attributesOf,
  floatInput,
  type KernelCall,
  type TrainingKernelTable,
} from "./training-kernel.ts";
import { type PoolAttributes, poolWindow, requireOutShape } from "./window.ts";

/** Pooling by the maximum and its gradient, which the backend's own kernel loses where the maximum is not above 0. */
export const POOL_KERNELS: TrainingKernelTable = {
  [MaxPool]: maxPool,
  [MaxPoolGrad]: maxPoolGradient,
};

function maxPool(session: KernelSession, call: KernelCall): TensorInfo {
  const x = floatInput(MaxPool, call, "x");
  const window = poolWindow(MaxPool, x.shape, attributesOf<PoolAttributes>(call));
  const out = session.output(window.outShape);
  session.kernels.maxPool(session.window(window), session.address(x), session.address(out));
  return out;
}

function maxPoolGradient(session: KernelSession, call: KernelCall): TensorInfo {
  const x = floatInput(MaxPoolGrad, call, "input");
  const out = floatInput(MaxPoolGrad, call, "output");
  const outGradient = floatInput(MaxPoolGrad, call, "dy");
  const window = poolWindow(MaxPoolGrad, x.shape, attributesOf<PoolAttributes>(call));
  requireOutShape(MaxPoolGrad, outGradient.shape, window);
  const gradient = session.output(x.shape);
  session.kernels.maxPoolGradient(
    session.window(window),
    session.address(x),
    session.address(out),
    session.address(outGradient),
    session.address(gradient),
  );
  return gradient;
}
