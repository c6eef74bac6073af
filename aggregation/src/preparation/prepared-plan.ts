import { parsePlan } from "../plan/parse-plan.ts";
import type { Plan, PreparedBy } from "../plan/plan.ts";
import type { CategoryFeature, Feature, NumberFeature } from "../plan/plan-data.ts";
import type { PooledCategory, PooledColumn, PooledNumber } from "./pooled-columns.ts";
import type { MeasuredCategory, MeasuredFeature, MeasuredNumber, Template } from "./template.ts";

/**
 * The plan that a template becomes with what was measured. `pooled`: of the template's measured features, in their order.
 * Throws PlanError as parsePlan does.
 */
export function preparedPlan(
  { plan, measured }: Template,
  pooled: readonly PooledColumn[],
  preparedBy: PreparedBy,
): Plan {
  const found = new Map([...measured.keys()].map((place, index) => [place, pooled[index]]));
  const features = plan.data.features.map((feature, place) =>
    preparedFeature(feature, measured.get(place), found.get(place)),
  );
  return parsePlan({ ...plan, data: { ...plan.data, features }, preparedBy });
}

function preparedFeature(
  feature: Feature,
  measured: MeasuredFeature | undefined,
  pooled: PooledColumn | undefined,
): Feature {
  if (measured === undefined) return feature;
  if (measured.kind === "number" && pooled?.kind === "number")
    return preparedNumber(measured, pooled);
  if (measured.kind === "category" && pooled?.kind === "category")
    return preparedCategory(measured, pooled);
  throw new Error(`column "${measured.column}" was measured as another kind`);
}

function preparedNumber(
  { column, missing }: MeasuredNumber,
  { mean, scale }: PooledNumber,
): NumberFeature {
  const feature = { column, kind: "number", mean, scale } as const;
  if (missing === undefined) return feature;
  const impute = missing.impute === "mean" ? mean : missing.impute;
  return { ...feature, missing: { impute } };
}

function preparedCategory(
  { column, values }: MeasuredCategory,
  { mostFrequent }: PooledCategory,
): CategoryFeature {
  return { column, kind: "category", values, missing: { impute: mostFrequent } };
}

/** A number in a plan that is not what its statistics run found. */
export interface PreparedDifference {
  /** For example "data.features.3.mean". */
  readonly path: string;
  readonly expected: string;
  readonly got: string;
}

/** Where a plan's features are not what was measured. Features of other columns may be anything. */
export function preparedDifferences(
  { data }: Plan,
  pooled: readonly PooledColumn[],
): readonly PreparedDifference[] {
  const features = "features" in data ? data.features : [];
  return pooled.flatMap((wanted) => {
    const place = features.findIndex(({ column }) => column === wanted.column);
    const expected = factsOf(wanted);
    const got = factsOfFeature(features[place]);
    return Object.entries(expected)
      .filter(([name, value]) => got[name] !== value)
      .map(([name, value]) => ({
        path:
          place < 0
            ? `data.features (column "${wanted.column}")`
            : `data.features.${place}.${name}`,
        expected: `${value}`,
        got: `${got[name] ?? "nothing"}`,
      }));
  });
}

type Facts = Readonly<Record<string, string | number | undefined>>;

function factsOf(pooled: PooledColumn): Facts {
  return pooled.kind === "number"
    ? { mean: pooled.mean, scale: pooled.scale }
    : { "missing.impute": pooled.mostFrequent };
}

function factsOfFeature(feature: Feature | undefined): Facts {
  if (feature === undefined) return {};
  return feature.kind === "number"
    ? { mean: feature.mean, scale: feature.scale }
    : { "missing.impute": feature.missing?.impute };
}
