import { z } from "zod";
import { category, column } from "../plan/data-schema.ts";
import { choice, listOf, number, record } from "../plan/fields.ts";
import { parseJson } from "../plan/json-text.ts";
import { memberOf } from "../plan/member.ts";
import { parsePlan } from "../plan/parse-plan.ts";
import type { Plan } from "../plan/plan.ts";
import type { Feature, Imputation, TableSchema } from "../plan/plan-data.ts";
import { PlanError } from "../plan/plan-error.ts";
import { type Problem, planErrorOf, problemsOf } from "../plan/problems.ts";
import { rangeSchema } from "../plan/statistics-schema.ts";
import { type FoundFeature, MOST_FREQUENT, templateFeatures } from "../plan/template-features.ts";

/** A plan of which some numbers are still to be found by a statistics run. */
export interface Template {
  /** The plan with stand-ins for these numbers, everything else checked. */
  readonly plan: Plan & { readonly data: TableSchema };
  /** Features to measure, by their place in `data.features`: one or more. */
  readonly measured: ReadonlyMap<number, MeasuredFeature>;
}

export type MeasuredFeature = MeasuredNumber | MeasuredCategory;

/** A number whose mean and scale are wanted, as plans have them. */
export interface MeasuredNumber {
  readonly column: string;
  readonly kind: "number";
  /** See NumberColumn of a statistics run. */
  readonly range: readonly [number, number];
  /** Missing cells are to be the mean that is found, or a number that is known. */
  readonly missing?: Imputation<number | "mean">;
}

/** A category whose missing cells are to be its most frequent value. */
export interface MeasuredCategory {
  readonly column: string;
  readonly kind: "category";
  readonly values: readonly string[];
  readonly missing: Imputation<typeof MOST_FREQUENT>;
}

const measuredFeature: z.ZodType<MeasuredFeature> = z.discriminatedUnion(
  "kind",
  [
    record({
      column,
      kind: z.literal("number"),
      range: rangeSchema,
      missing: record({
        impute: z.union([z.literal("mean"), number("a number", () => true)], {
          error: '"mean" or a number',
        }),
      }).exactOptional(),
    }),
    record({
      column,
      kind: z.literal("category"),
      values: listOf(category, 2, 1000),
      missing: record({ impute: choice([MOST_FREQUENT]) }),
    }),
  ],
  { error: "one of number, category" },
);

/**
 * Reads a template: a JSON text, or the value of one. All but the measured features are read as a plan's. Throws
 * {@link PlanError} as parsePlan does, and `bad-plan` where nothing is to be measured.
 */
export function parseTemplate(input: unknown): Template {
  const json = typeof input === "string" ? parseJson(input) : input;
  const found = templateFeatures(json);
  if (found.length === 0)
    throw new PlanError(
      "bad-plan",
      "data.features",
      `got nothing to measure, wanted a number with a "range" or a category to impute with "${MOST_FREQUENT}": this may be a plan already`,
    );
  const measured = parseMeasured(found);
  const plan = parsePlan(withStandIns(json, measured));
  const { data } = plan;
  if (!("features" in data)) throw new Error("a plan with features has a table");
  return { plan: { ...plan, data }, measured };
}

function parseMeasured(found: readonly FoundFeature[]): ReadonlyMap<number, MeasuredFeature> {
  const measured = new Map<number, MeasuredFeature>();
  const problems: Problem[] = [];
  for (const { index, json } of found) {
    const parsed = measuredFeature.safeParse(json);
    if (parsed.success) measured.set(index, parsed.data);
    else problems.push(...problemsOf(parsed.error, json).map((wrong) => placed(wrong, index)));
  }
  if (problems.length > 0) throw planErrorOf(problems);
  return measured;
}

function placed(wrong: Problem, index: number): Problem {
  const within = wrong.path === "" ? "" : `.${wrong.path}`;
  return { ...wrong, path: `data.features.${index}${within}` };
}

/** The same JSON with a plan's feature in the place of each measured one. */
function withStandIns(json: unknown, measured: ReadonlyMap<number, MeasuredFeature>): unknown {
  const features = memberOf(json, "data", "features");
  if (!Array.isArray(features)) throw new Error("what has a measured feature has features");
  const data = memberOf(json, "data");
  const filled = features.map((feature, index) => standIn(measured.get(index)) ?? feature);
  return { ...Object(json), data: { ...Object(data), features: filled } };
}

function standIn(feature: MeasuredFeature | undefined): Feature | undefined {
  if (feature === undefined) return undefined;
  const { column } = feature;
  return feature.kind === "number"
    ? { column, kind: "number", mean: 0, scale: 1 }
    : { column, kind: "category", values: feature.values };
}
