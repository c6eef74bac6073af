import { largestNorm } from "../model/column-statistics.ts";
import { policyContradictions } from "./contradictions.ts";
import { type Problem, problem } from "./problems.ts";
import { repetitions } from "./repetitions.ts";
import type { StatisticsPlan } from "./statistics-plan.ts";

/** Options of a well-formed statistics plan that do not go with each other. Empty when all do. */
export function statisticsContradictions(plan: StatisticsPlan): readonly Problem[] {
  const { model, protection, roundPolicy } = plan;
  return [
    ...policyContradictions(roundPolicy),
    ...repeatedColumns(plan),
    ...(protection.clippingNorm < largestNorm(model)
      ? [
          problem(
            "protection.clippingNorm",
            protection.clippingNorm,
            `at least ${largestNorm(model)}, so that no site's statistics are scaled down`,
          ),
        ]
      : []),
  ];
}

function repeatedColumns({ model }: StatisticsPlan): readonly Problem[] {
  const { columns } = model.config;
  const path = "model.config.columns";
  return [
    ...repetitions(
      columns.map(({ column }) => column),
      (index) => `${path}.${index}.column`,
    ),
    ...columns.flatMap((column, index) =>
      column.kind === "category"
        ? repetitions(column.values, (place) => `${path}.${index}.values.${place}`)
        : [],
    ),
  ];
}
