import type { AdvertisingKeys } from "./advertising-keys.ts";
import type { Aggregating } from "./aggregating.ts";
import type { Collecting } from "./collecting.ts";
import type { ConfirmingSurvivors } from "./confirming-survivors.ts";
import type { EncryptedAggregating } from "./encrypted-aggregating.ts";
import type { Abandoned, Committing, CommittingReported } from "./ended.ts";
import { RoundError } from "./error.ts";
import type { Opening } from "./opening.ts";
import type { Selecting } from "./selecting.ts";
import type { SharingKeys } from "./sharing-keys.ts";
import type { Training } from "./training.ts";
import type { Unmasking } from "./unmasking.ts";

/** Phases that wait for participants. */
export type GatheringPhase =
  | Selecting
  | Training
  | AdvertisingKeys
  | SharingKeys
  | Collecting
  | ConfirmingSurvivors
  | Unmasking
  | Opening;

/** How a round ends. */
export type EndedRound = Committing | CommittingReported | Abandoned;

/**
 * A round is always in exactly one phase:
 *
 *     selecting -> training -> advertising-keys -> sharing-keys -> collecting -> confirming-survivors
 *               -> unmasking -> aggregating -> committing
 *     aggregating -> opening -> committing, in an encrypted round
 *     any phase -> abandoned
 */
export type Round = GatheringPhase | Aggregating | EncryptedAggregating | EndedRound;

/** What a participant says to a round: a phase's message, or in training the model for others. */
export type Step = GatheringPhase["phase"] | "handing-over";

/** The phase that takes what is said at a step. */
export type PhaseOf<S extends Step> = Extract<
  GatheringPhase,
  { phase: S extends "handing-over" ? "training" : S }
>;

/** Whether the phase waits for participants. */
export function isGathering(round: Round): round is GatheringPhase {
  return "asked" in round;
}

/** Phases after the one that collects. */
const CLOSED: readonly Round["phase"][] = [
  "confirming-survivors",
  "unmasking",
  "aggregating",
  "opening",
  "committing",
];

/** Whether the survivors are settled: an update that comes now is in no sum. */
export function isSumClosed({ phase }: Round): boolean {
  return CLOSED.includes(phase);
}

/** Narrows a round to the phase that takes what is said at a step. Throws {@link RoundError} `wrong-phase`. */
export function inPhase<S extends Step>(round: Round, step: S): PhaseOf<S> {
  const phase = step === "handing-over" ? "training" : step;
  if (round.phase !== phase)
    throw new RoundError("wrong-phase", `the round is ${round.phase}, the message is for ${phase}`);
  return round as PhaseOf<S>;
}
