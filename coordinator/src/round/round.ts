import type { AdvertisingKeys } from "./advertising-keys.ts";
import type { Aggregating } from "./aggregating.ts";
import type { Collecting } from "./collecting.ts";
import type { ConfirmingSurvivors } from "./confirming-survivors.ts";
import type { Abandoned, Committing } from "./ended.ts";
import { RoundError } from "./error.ts";
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
  | Unmasking;

/**
 * A round is always in exactly one phase:
 *
 *     selecting -> training -> advertising-keys -> sharing-keys -> collecting -> confirming-survivors
 *               -> unmasking -> aggregating -> committing
 *     any phase -> abandoned
 */
export type Round = GatheringPhase | Aggregating | Committing | Abandoned;

/** Whether the phase waits for participants. */
export function isGathering(round: Round): round is GatheringPhase {
  return "asked" in round;
}

/** Whether the survivors are settled: an update that comes now is in no sum. */
export function isSumClosed({ phase }: Round): boolean {
  return ["confirming-survivors", "unmasking", "aggregating", "committing"].includes(phase);
}

/** Narrows a round to the phase that a message needs. Throws {@link RoundError} `wrong-phase`. */
export function inPhase<P extends Round["phase"]>(
  round: Round,
  phase: P,
): Extract<Round, { phase: P }> {
  if (round.phase !== phase)
    throw new RoundError("wrong-phase", `the round is ${round.phase}, the message is for ${phase}`);
  return round as Extract<Round, { phase: P }>;
}
