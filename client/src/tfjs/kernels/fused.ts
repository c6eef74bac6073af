import {
  Add,
  Elu,
  LeakyRelu,
  Prelu,
  Relu,
  Relu6,
  Sigmoid,
  type TensorInfo,
} from "@tensorflow/tfjs-core";
import { ClientError } from "../../error.ts";
import type { KernelSession } from "./kernel-session.ts";
import { attributesOf, type KernelCall, optionalFloatInput, replaceBy } from "./training-kernel.ts";

/** What the attributes of fused kernels have in common. */
interface FusedAttributes {
  readonly activation?: string | null;
  readonly leakyreluAlpha?: number;
}

/** Computes a linear operation into a new tensor, adds the bias at an address (0 for none), then relu where wanted. */
export type FusedOperation = (bias: number, isRelu: boolean) => TensorInfo;

/** Activations that are kernels of their own, by the name that core gives them. */
const ACTIVATION_KERNELS: Readonly<Record<string, string>> = {
  relu: Relu,
  elu: Elu,
  relu6: Relu6,
  sigmoid: Sigmoid,
  prelu: Prelu,
  leakyrelu: LeakyRelu,
};

/**
 * A linear operation with bias and activation. One bias for each of `columns` and relu are left to the operation, others
 * to the backend's own kernels. Throws {@link ClientError} `unsupported-layer` for an activation that core does not have.
 */
export function fuseBias(
  session: KernelSession,
  kernelName: string,
  call: KernelCall,
  columns: number,
  operation: FusedOperation,
): TensorInfo {
  const { activation } = attributesOf<FusedAttributes>(call);
  const bias = optionalFloatInput(kernelName, call, "bias");
  const isRelu = activation === "relu";
  if (bias !== undefined && !isOneAColumn(bias, columns)) {
    return fuse(session, kernelName, call, () => operation(0, false));
  }
  if (!isRelu && !isLinear(activation)) {
    return fuse(session, kernelName, call, () => operation(0, false));
  }
  return operation(bias === undefined ? 0 : session.address(bias), isRelu);
}

/** A linear operation, then the call's bias and activation by the backend's own kernels. Throws as {@link fuseBias}. */
export function fuse(
  session: KernelSession,
  kernelName: string,
  call: KernelCall,
  operation: () => TensorInfo,
): TensorInfo {
  const { activation, leakyreluAlpha = 0.2 } = attributesOf<FusedAttributes>(call);
  const activationKernel = ACTIVATION_KERNELS[activation ?? "linear"];
  if (activationKernel === undefined && !isLinear(activation)) {
    throw new ClientError("unsupported-layer", `${kernelName} has the activation ${activation}`);
  }
  const bias = optionalFloatInput(kernelName, call, "bias");
  const product = operation();
  const sum = bias === undefined ? product : replaceBy(session, Add, "a", product, {}, { b: bias });
  if (activationKernel === undefined) return sum;
  const alpha = optionalFloatInput(kernelName, call, "preluActivationWeights");
  return replaceBy(session, activationKernel, "x", sum, { alpha: leakyreluAlpha }, { alpha });
}

function isLinear(activation: string | null | undefined): boolean {
  return (activation ?? "linear") === "linear";
}

function isOneAColumn({ shape }: TensorInfo, columns: number): boolean {
  return shape.at(-1) === columns && shape.slice(0, -1).every((length) => length === 1);
}
