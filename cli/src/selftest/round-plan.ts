import { type MaskedRoundConfig, neighbourhoodFor, scaleBitsFor } from "@chorus/aggregation";
import type { RoundExpectation } from "@chorus/aggregation/primitives";
import { DIMENSION, type Member, makeMembers } from "./member.ts";

/** What differs from one attack's round to another's. */
export interface RoundPlan {
  /** Members of the cohort; 5 unless told. */
  readonly size?: number;
  /** How many of them side with the coordinator: the last ones. None unless told. */
  readonly colluders?: number;
  /** What the plan and the site want. 3 unless told. */
  readonly minSurvivors?: number;
  /** Counts from 1, with other keys, and another round, in each. */
  readonly exchange?: number;
  /** The plan's. 8 unless told: no update is clipped. */
  readonly clippingNorm?: number;
  /** The first value of everybody's update, where it is to be a large one. */
  readonly peak?: number;
  /** Whether all but the victim train from a model whose gradients are zero. */
  readonly isDead?: boolean;
}

/** What everybody has agreed on before the configuration comes. */
const agreed = {
  federationId: "aa".repeat(32),
  runId: "bb".repeat(32),
  planHash: "dd".repeat(32),
  parentModelHash: "ee".repeat(32),
  dimension: DIMENSION,
  maxExamples: 100,
} as const;

/** A sound round, and what its honest members know of it beforehand. */
export function roundOf(plan: RoundPlan): {
  members: readonly Member[];
  victim: Member;
  colluders: readonly Member[];
  config: MaskedRoundConfig;
  expected: RoundExpectation;
  isDead: boolean;
} {
  const { size = 5, colluders = 0, minSurvivors = 3, exchange = 1 } = plan;
  const { clippingNorm = 8, isDead = false } = plan;
  const members = makeMembers(size);
  const [victim] = members;
  if (victim === undefined) throw new RangeError(`size is ${size}, wanted 1 or more`);
  const facts = {
    ...agreed,
    clippingNorm,
    round: exchange,
    roundId: `${exchange}c`.padStart(64, "0"),
  };
  const config = {
    protocol: "SA-1",
    prg: "aes-128-ctr",
    commitment: "ring-sis-v1",
    ...facts,
    cohort: members.map(({ listed }) => listed),
    ...neighbourhoodFor(size),
    minSurvivors,
    ringBits: 32,
    scaleBits: scaleBitsFor(size, clippingNorm),
  } as const;
  const expected = {
    ...facts,
    valueBits: undefined,
    parentStateHash: "",
    minSurvivors,
    minSurvivorsFloor: 2,
  };
  const siding = members.slice(size - colluders);
  return { members, victim, colluders: siding, config, expected, isDead };
}
