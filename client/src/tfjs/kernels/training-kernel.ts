import {
  getKernel,
  type NamedAttrMap,
  type NamedTensorInfoMap,
  type TensorInfo,
} from "@tensorflow/tfjs-core";
import { ClientError } from "../../error.ts";
import type { KernelSession } from "./kernel-session.ts";

/** What TensorFlow.js calls a kernel with. */
export interface KernelCall {
  readonly inputs: NamedTensorInfoMap;
  /** Which there are depends on the kernel. */
  readonly attrs: NamedAttrMap | undefined;
}

/** One kernel of ours. */
export type TrainingKernel = (session: KernelSession, call: KernelCall) => TensorInfo;

/** Our kernels by the names that TensorFlow.js knows them by. */
export type TrainingKernelTable = Readonly<Record<string, TrainingKernel>>;

/** An input that every call of the kernel has; float32. Throws {@link ClientError} `unsupported-layer` for another type. */
export function floatInput(kernelName: string, { inputs }: KernelCall, name: string): TensorInfo {
  const input = inputs[name];
  if (input === undefined) throw new Error(`${kernelName} is called without ${name}`);
  return requireFloat(kernelName, name, input);
}

/** An input that a call may have, as {@link floatInput}. */
export function optionalFloatInput(
  kernelName: string,
  { inputs }: KernelCall,
  name: string,
): TensorInfo | undefined {
  // TensorFlow.js passes null as well as undefined.
  const input = inputs[name] ?? undefined;
  return input === undefined ? undefined : requireFloat(kernelName, name, input);
}

/** Attributes, of the type that the kernel's callers in TensorFlow.js declare. */
export function attributesOf<T>({ attrs }: KernelCall): T {
  return (attrs ?? {}) as unknown as T;
}

/** Calls another kernel of the backend. */
export function callKernel(
  session: KernelSession,
  name: string,
  inputs: NamedTensorInfoMap,
  attrs: NamedAttrMap = {},
): TensorInfo {
  const result = getKernel(name, "wasm").kernelFunc({ inputs, attrs, backend: session.backend });
  const [first] = [result].flat();
  if (first === undefined) throw new Error(`${name} returns nothing`);
  return first;
}

/** As {@link callKernel} with one input, which is given back to the backend. */
export function replaceBy(
  session: KernelSession,
  name: string,
  inputName: string,
  input: TensorInfo,
  attrs: NamedAttrMap = {},
  others: NamedTensorInfoMap = {},
): TensorInfo {
  const result = callKernel(session, name, { ...others, [inputName]: input }, attrs);
  session.backend.disposeData(input.dataId);
  return result;
}

function requireFloat(kernelName: string, name: string, input: TensorInfo): TensorInfo {
  if (input.dtype === "float32") return input;
  throw new ClientError(
    "unsupported-layer",
    `${kernelName} has ${name} of type ${input.dtype}, wanted float32`,
  );
}
