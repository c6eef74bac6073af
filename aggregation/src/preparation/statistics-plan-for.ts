import {
  type ColumnStatistics,
  largestNorm,
  type StatisticsColumn,
} from "../model/column-statistics.ts";
import type { StatisticsPlan } from "../plan/statistics-plan.ts";
import type { MeasuredFeature, Template } from "./template.ts";

const SUFFIX = "-statistics";
const LONGEST_NAME = 64;

/**
 * The plan of the statistics run that a template needs: its measured columns and no others, among the same participants,
 * under the same conditions, each site weighing what it weighs in training. Masked whatever protects the training: its sums are
 * for everybody, as they stand in the plan that is made of them.
 */
export function statisticsPlanFor({ plan, measured }: Template): StatisticsPlan {
  const { protection, seed, roundPolicy, data } = plan;
  const model: ColumnStatistics = {
    class_name: "ColumnStatistics",
    config: { name: "column-statistics", columns: [...measured.values()].map(columnOf) },
  };
  return {
    name: plan.name.slice(0, LONGEST_NAME - SUFFIX.length) + SUFFIX,
    model,
    data: { format: data.format },
    strategy: { kind: "fedavg" },
    protection: {
      kind: "masking",
      clippingNorm: Math.ceil(largestNorm(model)),
      maxExamples: protection.maxExamples,
    },
    rounds: 1,
    seed,
    roundPolicy,
  };
}

function columnOf(feature: MeasuredFeature): StatisticsColumn {
  const { column } = feature;
  return feature.kind === "number"
    ? { column, kind: "number", range: feature.range }
    : { column, kind: "category", values: feature.values };
}
