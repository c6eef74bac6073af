import { inputShape } from "../model/model-graph.ts";
import type { Plan, RoundPolicy } from "./plan.ts";
import type { Columns, DataSchema } from "./plan-data.ts";

/** Shape of one encoded example, without the batch: what the model takes. */
export function exampleShape(plan: Plan): readonly number[] {
  return inputShape(plan.model);
}

/** Numbers that one row becomes: one for a number, one for each value of a category. */
export function encodedFeatureCount(schema: Columns): number {
  return schema.features.reduce(
    (count, feature) => count + (feature.kind === "number" ? 1 : feature.values.length),
    0,
  );
}

/** Classes that a label can take. */
export function classCount(schema: DataSchema): number {
  if (schema.format === "idx") return schema.classes;
  if (schema.format === "images") return schema.classes.length;
  return schema.label.kind === "binary" ? 2 : schema.label.values.length;
}

/** Participants to invite to a round: `select` times `overSelect`, rounded up. */
export function invitationCount(policy: RoundPolicy): number {
  // 10 * 1.1 is a little more than 11 in binary, and means 11.
  return Math.ceil(policy.select * policy.overSelect - 1e-9);
}
