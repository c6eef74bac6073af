import {
  completeGraphParameters,
  findGraphParameters,
  type GraphParameters,
  MAX_DEGREE,
} from "../graph/graph-parameters.ts";
import { seedChoiceBits } from "../graph/graph-seed.ts";

/** Largest cohort in which everybody is everybody's neighbour. */
export const LARGEST_COMPLETE = 200;

/** A cohort is protected while no more than this share of it sides with the coordinator. */
const COLLUDING_SHARE = 0.1;

/** Beyond {@link LARGEST_COMPLETE}, a round is expected to survive as long as no more than this share is lost. */
const DROPOUT_SHARE = 0.1;

/** Privacy of a graph fails with a probability below 2^-40, over the choice of its seed. */
const SECURITY_BITS = 40;

/** A round in a graph fails for too few survivors around somebody with a probability below 2^-20. */
const CORRECTNESS_BITS = 20;

/** Nobody tries more than 2^80 seeds within a round, each of which takes a hash for every participant. */
const MOST_CHOICE_BITS = 80;

/**
 * How many neighbours each member of a cohort has, and how many shares rebuild one of its secrets; a secret is held by the
 * neighbours and by its owner. Up to {@link LARGEST_COMPLETE} members the graph is complete. Beyond, the coordinator may
 * choose who of its colluders opens a nonce, and so among seeds ({@link mostMissingOf}): the parameters are those that
 * withstand the worst of these choices, for the smallest key book that it can lead to. Both are exactly what a sound
 * configuration has: with more neighbours the same threshold would protect less. `cohortSize`: 2 to 10,000.
 */
export function neighbourhoodFor(cohortSize: number): GraphParameters {
  if (cohortSize <= LARGEST_COMPLETE) return completeGraphParameters(cohortSize, COLLUDING_SHARE);
  const participants = cohortSize - mostMissingOf(cohortSize);
  const colluders = Math.floor(COLLUDING_SHARE * cohortSize);
  const choiceBits = Math.ceil(seedChoiceBits(colluders, mostMissingOf(cohortSize)));
  return findGraphParameters({
    participants,
    colludingShare: colluders / participants,
    dropoutShare: Math.floor(DROPOUT_SHARE * cohortSize) / participants,
    coordinator: "malicious",
    // One more, because a full key book has more participants than the smallest one.
    securityBits: SECURITY_BITS + 1 + Math.min(choiceBits, MOST_CHOICE_BITS),
    correctnessBits: CORRECTNESS_BITS + 1,
    holders: "neighbours-and-owner",
    maxDegree: MAX_DEGREE,
  });
}

/** How many of a cohort may be missing in a key book over a graph that is not complete. */
export function mostMissingOf(cohortSize: number): number {
  return Math.floor(DROPOUT_SHARE * cohortSize);
}
