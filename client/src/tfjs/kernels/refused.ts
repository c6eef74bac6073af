import {
  Conv3DBackpropFilterV2,
  Conv3DBackpropInputV2,
  Dilation2DBackpropFilter,
  Dilation2DBackpropInput,
  MaxPool3DGrad,
} from "@tensorflow/tfjs-core";
import { ClientError } from "../../error.ts";
import type { TrainingKernel, TrainingKernelTable } from "./training-kernel.ts";

/** Kernels of the backend whose results are wrong (upstream.test.ts). Models that need them are not trained here. */
export const REFUSED_KERNELS: TrainingKernelTable = {
  [Conv3DBackpropInputV2]: refuse("the gradient of Conv3D"),
  [Conv3DBackpropFilterV2]: refuse("the gradient of Conv3D"),
  [MaxPool3DGrad]: refuse("the gradient of MaxPooling3D"),
  [Dilation2DBackpropInput]: refuse("the gradient of Dilation2D"),
  [Dilation2DBackpropFilter]: refuse("the gradient of Dilation2D"),
};

function refuse(what: string): TrainingKernel {
  return () => {
    throw new ClientError("unsupported-layer", `${what} is wrong on the WASM backend`);
  };
}
