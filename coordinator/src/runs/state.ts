import type { ActiveRound } from "../round/active-round.ts";
import type { Place } from "./waiting-line.ts";

/** What a run is doing now. Moments are those of the clock that never jumps. */
export type RunState =
  /** Reads or writes the store. */
  | { readonly kind: "between-rounds" }
  | {
      readonly kind: "waiting-for-participants";
      readonly softAtMs: number;
      readonly place: Place;
    }
  | { readonly kind: "in-round"; readonly active: ActiveRound }
  /** `because`: what set the run back, never empty. */
  | { readonly kind: "backing-off"; readonly untilMs: number; readonly because: string };
