import type { ActiveRound } from "../round/active-round.ts";

/** What a run is doing now. */
export type RunState =
  | { readonly kind: "waiting-for-participants"; readonly softAtMs: number }
  | { readonly kind: "in-round"; readonly active: ActiveRound }
  | { readonly kind: "backing-off"; readonly untilMs: number }
  | { readonly kind: "ended" };
