import { z } from "zod";
import { PlanError } from "../../plan/plan-error.ts";
import { layerConfig, only, sizeSchema, tensorKeys } from "./config-schema.ts";
import type { LayerConfig, LayerKind } from "./layer-kind.ts";
import { valuesIn } from "./value-count.ts";

/**
 * A row of its table for each number of the example: input `[tokens]`, whole numbers from 0 up to but not input_dim, output
 * `[tokens, output_dim]`.
 */
export interface EmbeddingConfig extends LayerConfig {
  readonly input_dim: number;
  readonly output_dim: number;
  /** As the example's shape says it: checked, and left out of a plan. */
  readonly input_length?: number | null;
}

export const EMBEDDING: LayerKind<EmbeddingConfig> = {
  config: layerConfig(
    {
      input_dim: sizeSchema,
      output_dim: sizeSchema,
      input_length: z.union([z.null(), sizeSchema], { error: "a length, or null" }).exactOptional(),
    },
    { ...tensorKeys("embeddings"), mask_zero: only([null, false], "masks are not passed on") },
  ),
  takes: "example",
  output: ({ input_dim, output_dim, input_length = null }, [input = []], path) => {
    if (input.length > 3)
      throw new PlanError("bad-plan", path, `got ${input.length} dimensions, wanted at most 3`);
    if (input_length !== null && input.join() !== `${input_length}`)
      throw new PlanError(
        "bad-plan",
        `${path}.config.input_length`,
        `got ${input_length}, wanted what the example's shape says, [${input.join(", ")}]`,
      );
    valuesIn([input_dim, output_dim], `${path}.config`);
    const output = [...input, output_dim];
    valuesIn(output, `${path}.config`);
    return output;
  },
  tensors: ({ input_dim, output_dim }) => [
    // As tfjs-layers begins.
    {
      name: "embeddings",
      shape: [input_dim, output_dim],
      initial: { kind: "uniform", limit: 0.05 },
    },
  ],
};
