import { DenseStage } from "./dense-stage.ts";
import { DropoutStage } from "./dropout-stage.ts";
import type { LoweredModel, Operation } from "./lowered-model.ts";
import { ReluStage } from "./relu-stage.ts";
import type { Stage, StageContext } from "./stage.ts";

/** The stages of a model one behind the other, from the input at address `inputs`. */
export function layStages(
  model: LoweredModel,
  inputs: number,
  given: Omit<StageContext, "workspace">,
): readonly Stage[] {
  const bytes = Math.max(...model.operations.map((operation) => workspaceBytes(operation, given)));
  const context = { ...given, workspace: given.arena.reserve(Math.ceil(bytes / 4)) };
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
    case "relu":
      return new ReluStage(operation, x, context);
    case "dropout":
      return new DropoutStage(operation, x, context);
  }
}

function workspaceBytes(
  operation: Operation,
  { kernels }: Omit<StageContext, "workspace">,
): number {
  switch (operation.kind) {
    case "dense":
      // Products are as wide as the outputs forward, and as the inputs backward.
      return largest([operation.inputs, operation.outputs].map(kernels.gemmWorkspace));
    case "relu":
    case "dropout":
      return 0;
  }
}

/** Of sizes that are signed where they come from. */
function largest(sizes: readonly number[]): number {
  return Math.max(...sizes.map((size) => size >>> 0));
}
