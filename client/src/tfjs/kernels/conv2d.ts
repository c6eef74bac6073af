import {
  Conv2D,
  Conv2DBackpropFilter,
  Conv2DBackpropInput,
  FusedConv2D,
  type TensorInfo,
} from "@tensorflow/tfjs-core";
import { fuseBias } from "./fused.ts";
import type { KernelSession } from "./kernel-session.ts";
import {
  attributesOf,
  floatInput,
  type KernelCall,
  type TrainingKernelTable,
} from "./training-kernel.ts";
import {
  type ConvolutionAttributes,
  convolutionWindow,
  requireOutShape,
  type Window,
} from "./window.ts";

/** Convolutions in two dimensions and their gradients. */
export const CONVOLUTION_KERNELS: TrainingKernelTable = {
  [Conv2D]: (session, call) => {
    const convolution = convolutionOf(Conv2D, call);
    return convolve(session, convolution, 0, false);
  },
  [FusedConv2D]: (session, call) => {
    const convolution = convolutionOf(FusedConv2D, call);
    return fuseBias(session, FusedConv2D, call, convolution.window.outChannels, (bias, isRelu) =>
      convolve(session, convolution, bias, isRelu),
    );
  },
  [Conv2DBackpropFilter]: filterGradient,
  [Conv2DBackpropInput]: inputGradient,
};

interface Convolution {
  readonly x: TensorInfo;
  readonly filter: TensorInfo;
  readonly window: Window;
}

function convolutionOf(kernelName: string, call: KernelCall): Convolution {
  const x = floatInput(kernelName, call, "x");
  const filter = floatInput(kernelName, call, "filter");
  const attributes = attributesOf<ConvolutionAttributes>(call);
  const window = convolutionWindow(kernelName, x.shape, filter.shape, attributes, false);
  return { x, filter, window };
}

function convolve(
  session: KernelSession,
  { x, filter, window }: Convolution,
  bias: number,
  isRelu: boolean,
): TensorInfo {
  const { kernels } = session;
  const out = session.output(window.outShape);
  const address = session.window(window);
  const workspace = session.workspace(kernels.conv2dWorkspace(address));
  kernels.conv2d(
    address,
    session.address(x),
    session.address(filter),
    session.address(out),
    bias,
    isRelu,
    workspace,
  );
  return out;
}

function filterGradient(session: KernelSession, call: KernelCall): TensorInfo {
  const { kernels } = session;
  const x = floatInput(Conv2DBackpropFilter, call, "x");
  const outGradient = floatInput(Conv2DBackpropFilter, call, "dy");
  const attributes = attributesOf<ConvolutionAttributes & { filterShape: number[] }>(call);
  const { filterShape } = attributes;
  const window = convolutionWindow(Conv2DBackpropFilter, x.shape, filterShape, attributes, false);
  requireOutShape(Conv2DBackpropFilter, outGradient.shape, window);
  const gradient = session.output(window.filterShape);
  const address = session.window(window);
  const workspace = session.workspace(kernels.conv2dFilterGradientWorkspace(address));
  kernels.conv2dFilterGradient(
    address,
    session.address(x),
    session.address(outGradient),
    session.address(gradient),
    workspace,
  );
  return gradient;
}

function inputGradient(session: KernelSession, call: KernelCall): TensorInfo {
  const { kernels } = session;
  const outGradient = floatInput(Conv2DBackpropInput, call, "dy");
  const filter = floatInput(Conv2DBackpropInput, call, "filter");
  const attributes = attributesOf<ConvolutionAttributes & { inputShape: number[] }>(call);
  const { inputShape } = attributes;
  const window = convolutionWindow(
    Conv2DBackpropInput,
    inputShape,
    filter.shape,
    attributes,
    false,
  );
  requireOutShape(Conv2DBackpropInput, outGradient.shape, window);
  const gradient = session.output(window.inShape);
  const address = session.window(window);
  const workspace = session.workspace(kernels.conv2dInputGradientWorkspace(address));
  kernels.conv2dInputGradient(
    address,
    session.address(outGradient),
    session.address(filter),
    session.address(gradient),
    workspace,
  );
  return gradient;
}
