import type { ActiveRound } from "../round/active-round.ts";
import { isGathering } from "../round/round.ts";
import type { PhaseProgress } from "./feed.ts";

/** How far a round's phase has come; undefined in a phase that waits for nobody. */
export function progressOf({ round, facts }: ActiveRound): PhaseProgress | undefined {
  if (!isGathering(round)) return undefined;
  const { phase, delivered, asked } = round;
  return {
    round: facts.round,
    attempt: facts.attempt,
    phase,
    delivered: delivered.size,
    asked: asked.size,
  };
}
