import { ClientError } from "../../error.ts";
import { relaxedSimdModuleBase64, simdModuleBase64 } from "./generated/kernel-modules.ts";

/**
 * What assembly/ exports; the functions are described there. Tensors, windows and workspaces are addresses in bytes in the
 * memory that was imported, other lengths are in values.
 */
export interface TrainingKernels {
  gemm(
    rows: number,
    columns: number,
    depth: number,
    left: number,
    leftRow: number,
    leftStep: number,
    right: number,
    rightStep: number,
    rightColumn: number,
    target: number,
    targetRow: number,
    accumulates: boolean,
    bias: number,
    isRelu: boolean,
    workspace: number,
  ): void;
  gemmWorkspace(columns: number): number;
  conv2d(
    window: number,
    x: number,
    filter: number,
    out: number,
    bias: number,
    isRelu: boolean,
    workspace: number,
  ): void;
  conv2dWorkspace(window: number): number;
  conv2dFilterGradient(
    window: number,
    x: number,
    outGradient: number,
    filterGradient: number,
    workspace: number,
  ): void;
  conv2dFilterGradientWorkspace(window: number): number;
  conv2dInputGradient(
    window: number,
    outGradient: number,
    filter: number,
    xGradient: number,
    workspace: number,
  ): void;
  conv2dInputGradientWorkspace(window: number): number;
  depthwise(window: number, x: number, filter: number, out: number): void;
  depthwiseFilterGradient(
    window: number,
    x: number,
    outGradient: number,
    filterGradient: number,
  ): void;
  depthwiseInputGradient(
    window: number,
    outGradient: number,
    filter: number,
    xGradient: number,
  ): void;
  maxPool(window: number, x: number, out: number): void;
  maxPoolGradient(
    window: number,
    x: number,
    out: number,
    outGradient: number,
    xGradient: number,
  ): void;
  averagePool(window: number, x: number, out: number): void;
  averagePoolGradient(window: number, outGradient: number, xGradient: number): void;
  segmentSum(
    x: number,
    ids: number,
    out: number,
    rows: number,
    rowBytes: number,
    segments: number,
  ): void;
  reluGradient(outGradient: number, out: number, xGradient: number, count: number): void;
  columnSums(x: number, sums: number, rows: number, columns: number): void;
  addScaled(target: number, addend: number, count: number, factor: number): void;
  finishRows(x: number, bias: number, rows: number, columns: number, isRelu: boolean): void;
  softmaxCrossEntropy(
    logits: number,
    labels: number,
    logitsGradient: number,
    rows: number,
    classes: number,
    scale: number,
  ): number;
  momentumStep(
    weights: number,
    gradient: number,
    velocity: number,
    count: number,
    learningRate: number,
    momentum: number,
  ): void;
  addProximal(
    gradient: number,
    weights: number,
    anchor: number,
    count: number,
    strength: number,
  ): void;
  adamStep(
    weights: number,
    gradient: number,
    mean: number,
    square: number,
    count: number,
    learningRate: number,
    beta1: number,
    beta2: number,
    epsilon: number,
    meanCorrection: number,
    squareCorrection: number,
  ): void;
}

/** How the kernels are built: relaxed SIMD multiplies and adds in one instruction where the processor can. */
export type KernelBuild = "relaxed-simd" | "simd";

/**
 * The fastest build that this Node runs: relaxed SIMD where it can, which takes half the time in products. Throws
 * {@link ClientError} `backend-failed` where there is no SIMD.
 */
export function chooseKernelBuild(): KernelBuild {
  if (WebAssembly.validate(moduleBytes("relaxed-simd"))) return "relaxed-simd";
  if (WebAssembly.validate(moduleBytes("simd"))) return "simd";
  throw new ClientError("backend-failed", "this processor or Node has no WebAssembly SIMD");
}

/** The kernels on `memory`, in milliseconds. Throws where the build does not run here. */
export function openTrainingKernels(
  memory: WebAssembly.Memory,
  build: KernelBuild,
): TrainingKernels {
  const module = new WebAssembly.Module(moduleBytes(build));
  return new WebAssembly.Instance(module, { env: { memory } }).exports as TrainingKernels;
}

function moduleBytes(build: KernelBuild): Uint8Array {
  const base64 = build === "relaxed-simd" ? relaxedSimdModuleBase64 : simdModuleBase64;
  return Buffer.from(base64, "base64");
}
