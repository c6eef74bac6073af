import type { Plan } from "@chorus/aggregation";
import type { Window } from "./gathering.ts";

/** Milliseconds that are left of a phase. */
export interface Remaining {
  /** Until it may end with its quorum. */
  readonly softMs: number;
  /** Until it must end. */
  readonly hardMs: number;
}

/** What is left of a phase that began `passedMs` ago, never negative. */
export function remainingOf(
  {
    softDeadlineMs,
    hardDeadlineMs,
  }: Pick<Plan["roundPolicy"], "softDeadlineMs" | "hardDeadlineMs">,
  window: Window,
  passedMs: number,
): Remaining {
  return {
    softMs: Math.max(0, softDeadlineMs[window] - passedMs),
    hardMs: Math.max(0, hardDeadlineMs[window] - passedMs),
  };
}
