import {
  type CohortMember,
  heConfigFor,
  neighbourhoodFor,
  type RoundConfig,
  scaleBitsFor,
} from "@chorus/aggregation";
import type { RoundFacts } from "./facts.ts";

/**
 * What a round's participants are asked to agree on. Of those who have trained in an encrypted round, whoever comes after
 * `roundPolicy.select` others is left out: its sums have room for so many, as the plan was checked for, and perhaps for no more.
 */
export function roundConfigOf(facts: RoundFacts, trained: readonly CohortMember[]): RoundConfig {
  const { protection, roundPolicy } = facts.plan;
  const most = protection.kind === "he" ? roundPolicy.select : trained.length;
  const cohort = trained
    .slice(0, most)
    .toSorted((a, b) => (a.participantId < b.participantId ? -1 : 1));
  const common = {
    protocol: "SA-1",
    prg: "aes-128-ctr",
    commitment: "ring-sis-v1",
    federationId: facts.federationId,
    runId: facts.runId,
    round: facts.round,
    roundId: facts.roundId,
    planHash: facts.planHash,
    parentModelHash: facts.parentModelHash,
    cohort,
    ...neighbourhoodFor(cohort.length),
    minSurvivors: roundPolicy.minSurvivors,
    dimension: facts.dimension,
    clippingNorm: protection.clippingNorm,
    maxExamples: protection.maxExamples,
  } as const;
  if (protection.kind === "he") {
    const he = heConfigFor(protection.valueBits, cohort.length, facts.parentStateHash);
    return { ...common, he };
  }
  const scaleBits = scaleBitsFor(cohort.length, protection.clippingNorm);
  return { ...common, ringBits: 32, scaleBits };
}
