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
  /** From what was told to the kill: how far into what follows it strikes. */
  readonly delayMs: number;
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

/**
 * A third strikes after a round is completed: between the store and the chain. A third after the last share is revealed:
 * into the sum, the model's file and the store's transaction. The rest anywhere.
 */
export function randomKillPoints(seed: string, count: number): readonly KillPoint[] {
  const numbers = new RandomNumbers(seededRandom(seed));
  return Array.from({ length: count }, () => {
    const rest = { afterRounds: numbers.below(2), delayMs: numbers.below(100) };
    const where = numbers.below(3);
    if (where === 0) return { phase: "completed", delivered: 0, ...rest };
    if (where === 1) return { phase: "unmasking", delivered: 4, ...rest };
    const phase = phases[numbers.below(phases.length)] ?? "selecting";
    return { phase, delivered: numbers.below(5), ...rest };
  });
}

/** What a run tells of its rounds where it can be killed. */
type Moment = Extract<RunEvent, { $case: "progress" | "completed" }>;

/** Whether this is the moment, in a round from `fromRound` on. */
export function isAt(
  { phase, delivered }: KillPoint,
  event: RunEvent,
  fromRound: number,
): event is Moment {
  if (event.$case === "completed") return phase === "completed" && event.value.round >= fromRound;
  if (event.$case !== "progress" || event.value.round < fromRound) return false;
  return event.value.phase === phase && event.value.delivered === delivered;
}
