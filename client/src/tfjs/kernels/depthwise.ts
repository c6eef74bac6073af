import {
  DepthwiseConv2dNative,
  DepthwiseConv2dNativeBackpropFilter,
  DepthwiseConv2dNativeBackpropInput,
  FusedDepthwiseConv2D,
  type TensorInfo,
} from "@tensorflow/tfjs-core";
import { fuse } from "./fused.ts";
import type { KernelSession } from "./kernel-session.ts";
import {
  attributesOf,
  floatInput,
  type KernelCall,
  type TrainingKernelTable,
} from "./training-kernel.ts";
import { type ConvolutionAttributes, convolutionWindow, requireOutShape } from "./window.ts";

/**
 * Convolutions of each channel for itself, and their gradients. The backend's own forward kernels are right, but keep a
 * copy of a filter for as long as its tensor lives, so that they do not see weights that are changed in place.
 */
export const DEPTHWISE_KERNELS: TrainingKernelTable = {
  [DepthwiseConv2dNative]: (session, call) => convolve(session, DepthwiseConv2dNative, call),
  [FusedDepthwiseConv2D]: (session, call) =>
    fuse(session, FusedDepthwiseConv2D, call, () => convolve(session, FusedDepthwiseConv2D, call)),
  [DepthwiseConv2dNativeBackpropFilter]: filterGradient,
  [DepthwiseConv2dNativeBackpropInput]: inputGradient,
};

function convolve(session: KernelSession, kernelName: string, call: KernelCall): TensorInfo {
  const x = floatInput(kernelName, call, "x");
  const filter = floatInput(kernelName, call, "filter");
  const attributes = attributesOf<ConvolutionAttributes>(call);
  const window = convolutionWindow(kernelName, x.shape, filter.shape, attributes, true);
  const out = session.output(window.outShape);
  session.kernels.depthwise(
    session.window(window),
    session.address(x),
    session.address(filter),
    session.address(out),
  );
  return out;
}

function filterGradient(session: KernelSession, call: KernelCall): TensorInfo {
  const kernelName = DepthwiseConv2dNativeBackpropFilter;
  const x = floatInput(kernelName, call, "x");
  const outGradient = floatInput(kernelName, call, "dy");
  const attributes = attributesOf<ConvolutionAttributes & { filterShape: number[] }>(call);
  const { filterShape } = attributes;
  const window = convolutionWindow(kernelName, x.shape, filterShape, attributes, true);
  requireOutShape(kernelName, outGradient.shape, window);
  const gradient = session.output(window.filterShape);
  session.kernels.depthwiseFilterGradient(
    session.window(window),
    session.address(x),
    session.address(outGradient),
    session.address(gradient),
  );
  return gradient;
}

function inputGradient(session: KernelSession, call: KernelCall): TensorInfo {
  const kernelName = DepthwiseConv2dNativeBackpropInput;
  const outGradient = floatInput(kernelName, call, "dy");
  const filter = floatInput(kernelName, call, "filter");
  const attributes = attributesOf<ConvolutionAttributes & { inputShape: number[] }>(call);
  const { inputShape } = attributes;
  const window = convolutionWindow(kernelName, inputShape, filter.shape, attributes, true);
  requireOutShape(kernelName, outGradient.shape, window);
  const gradient = session.output(window.inShape);
  session.kernels.depthwiseInputGradient(
    session.window(window),
    session.address(outGradient),
    session.address(filter),
    session.address(gradient),
  );
  return gradient;
}
