import type { TrainingKernels } from "../kernels/training-kernels.ts";
import { ActivationStage } from "./activation-stage.ts";
import { ConvolutionStage } from "./convolution-stage.ts";
import { DenseStage } from "./dense-stage.ts";
import { DropoutStage } from "./dropout-stage.ts";
import type { LoweredModel } from "./lowered-model.ts";
import type { Operation } from "./operations.ts";
import { PoolStage } from "./pool-stage.ts";
import type { Stage, StageContext } from "./stage.ts";
import { WindowPlaces } from "./window-place.ts";

/** What stages share, but for what is found out by looking at all of them. */
type GivenContext = Omit<StageContext, "windows" | "workspace">;

/** The stages of a model one behind the other, from the input at address `inputs`. */
export function layStages(
  model: LoweredModel,
  inputs: number,
  given: GivenContext,
): readonly Stage[] {
  const { arena } = given;
  const placed = { ...given, windows: new WindowPlaces(arena) };
  const bytes = largest(model.operations.map((operation) => workspaceBytes(operation, placed)));
  const context = { ...placed, workspace: arena.reserve(Math.ceil(bytes / 4)) };
  let x = inputs;
  return model.operations.map((operation) => {
    const stage = layStage(operation, x, context);
    x = stage.out;
    return stage;
  });
}

function layStage(operation: Operation, x: number, context: StageContext): Stage {
  switch (operation.kind) {
    case "dense":
      return new DenseStage(operation, x, context);
    case "conv2d":
    case "depthwise":
      return new ConvolutionStage(operation, x, context);
    case "maxPool":
    case "averagePool":
      return new PoolStage(operation, x, context);
    case "relu":
    case "tanh":
    case "sigmoid":
      return new ActivationStage(operation, x, context);
    case "dropout":
      return new DropoutStage(operation, x, context);
  }
}

function workspaceBytes(
  operation: Operation,
  { kernels, windows, capacity }: Omit<StageContext, "workspace">,
): number {
  switch (operation.kind) {
    case "dense":
      // Products are as wide as the outputs forward, and as the inputs backward.
      return largest([operation.inputs, operation.outputs].map(kernels.gemmWorkspace));
    case "conv2d":
      return convolutionBytes(windows.of(operation.window).of(capacity), kernels);
    default:
      return 0;
  }
}

function convolutionBytes(window: number, kernels: TrainingKernels): number {
  return largest([
    kernels.conv2dWorkspace(window),
    kernels.conv2dFilterGradientWorkspace(window),
    kernels.conv2dInputGradientWorkspace(window),
  ]);
}

/** Of sizes that are signed where they come from. */
function largest(sizes: readonly number[]): number {
  return Math.max(...sizes.map((size) => size >>> 0));
}
