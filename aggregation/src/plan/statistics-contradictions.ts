import { largestNorm } from "../model/column-statistics.ts";
import { policyContradictions } from "./contradictions.ts";
import { type Problem, problem } from "./problems.ts";
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
  return columns.flatMap((column, index) => [
    ...repeated(
      `${index}.column`,
      index,
      columns.map((other) => other.column),
    ),
    ...(column.kind === "category"
      ? column.values.flatMap((_, place) =>
          repeated(`${index}.values.${place}`, place, column.values),
        )
      : []),
  ]);
}

/** A problem where the text at `index` has come before. */
function repeated(path: string, index: number, texts: readonly string[]): readonly Problem[] {
  const text = texts[index] ?? "";
  return texts.indexOf(text) === index
    ? []
    : [problem(`model.config.columns.${path}`, `${JSON.stringify(text)} again`, "every one once")];
}
