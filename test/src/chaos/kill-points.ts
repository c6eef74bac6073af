import { RandomNumbers, seededRandom } from "@chorus/aggregation";
import type { RunEvent } from "../support/operator.ts";

/** When the coordinator is killed: at what it tells watchers of a run. */
export interface KillPoint {
  /** A phase of the round machine, or "completed". */
  readonly phase: string;
  /** How many have delivered in that phase; 0 for "completed". */
  readonly delivered: number;
  /** Rounds that are left in peace before, 0 or more. */
  readonly afterRounds: number;
  /** Turns of the event loop between what was told and the kill: how far into what follows it strikes. */
  readonly turns: number;
}

const phases = [
  "selecting",
  "training",
  "advertising-keys",
  "sharing-keys",
  "collecting",
  "confirming-survivors",
  "unmasking",
] as const;

/** Of the kills, one in three strikes between the store and the chain. */
export function randomKillPoints(seed: string, count: number): readonly KillPoint[] {
  const numbers = new RandomNumbers(seededRandom(seed));
  return Array.from({ length: count }, () => {
    const afterRounds = numbers.below(2);
    const turns = numbers.below(40);
    if (numbers.below(3) === 0) return { phase: "completed", delivered: 0, afterRounds, turns };
    const phase = phases[numbers.below(phases.length)] ?? "selecting";
    return { phase, delivered: numbers.below(5), afterRounds, turns };
  });
}

/** Whether this is the moment, in a round from `fromRound` on. */
export function isAt({ phase, delivered }: KillPoint, event: RunEvent, fromRound: number): boolean {
  if (event.$case === "completed") return phase === "completed" && event.value.round >= fromRound;
  if (event.$case !== "progress" || event.value.round < fromRound) return false;
  return event.value.phase === phase && event.value.delivered === delivered;
}
