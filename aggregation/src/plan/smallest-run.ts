import type { Plan } from "./plan.ts";

/**
 * What a plan says of its rounds, as little as it may: for plans of which one place trains the model and nobody holds
 * rounds, in benchmarks and tests.
 */
export const SMALLEST_RUN: Pick<Plan, "strategy" | "protection" | "rounds" | "roundPolicy"> = {
  strategy: { kind: "fedavg" },
  protection: { kind: "masking", clippingNorm: 20, maxExamples: 1000 },
  rounds: 1,
  roundPolicy: {
    select: 3,
    overSelect: 1,
    quorum: 3,
    minSurvivors: 3,
    softDeadlineMs: { training: 1000, exchange: 1000 },
    hardDeadlineMs: { training: 1000, exchange: 1000 },
  },
};
