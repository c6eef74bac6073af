import { isGathering } from "../round/round.ts";
import type { RunRecord } from "../store/store.ts";
import type { RunState } from "./state.ts";

/** What a run waits for, and until when. */
export interface Explanation {
  /** One sentence for people. */
  readonly summary: string;
  readonly round: number;
  readonly attempt: number;
  readonly phase: string;
  /** Names. */
  readonly delivered: readonly string[];
  readonly awaited: readonly string[];
  readonly quorum: number;
  /** From now, never negative. */
  readonly softDeadlineMs: number;
  readonly hardDeadlineMs: number;
  readonly lastAbandonment: string;
}

/** The facts that an explanation is made from. */
export interface ExplainedRun {
  readonly run: RunRecord;
  readonly state: RunState;
  readonly wanted: { readonly select: number; readonly quorum: number };
  /** Names of connected participants that are in no round. */
  readonly free: readonly string[];
  readonly attempts: { readonly count: number; readonly lastReason: string };
  readonly nowMs: number;
}

/** Explains what a run waits for. */
export function explain(facts: ExplainedRun): Explanation {
  const { run, state, attempts, nowMs } = facts;
  const base = {
    round: run.status === "running" ? run.completedRounds + 1 : run.completedRounds,
    attempt: attempts.count,
    phase: "",
    delivered: [],
    awaited: [],
    quorum: facts.wanted.quorum,
    softDeadlineMs: 0,
    hardDeadlineMs: 0,
    lastAbandonment: attempts.lastReason,
  };
  switch (state.kind) {
    case "ended":
      return { ...base, summary: `the run is ${run.status}: it waits for nothing` };
    case "backing-off":
      return {
        ...base,
        softDeadlineMs: until(state.untilMs, nowMs),
        hardDeadlineMs: until(state.untilMs, nowMs),
        summary: `round ${base.round} was abandoned (${attempts.lastReason}); next attempt in ${seconds(until(state.untilMs, nowMs))}`,
      };
    case "waiting-for-participants":
      return { ...base, ...explainWaiting(facts, state.softAtMs) };
    case "in-round":
      return { ...base, ...explainRound(state, nowMs) };
  }
}

function explainWaiting({ free, wanted, nowMs, run }: ExplainedRun, softAtMs: number) {
  const softMs = until(softAtMs, nowMs);
  const enough =
    free.length >= wanted.quorum ? `, goes on without the rest in ${seconds(softMs)}` : "";
  return {
    phase: "waiting-for-participants",
    delivered: free,
    softDeadlineMs: softMs,
    summary: `round ${run.completedRounds + 1} waits for participants: ${free.length} of ${wanted.select} connected, ${wanted.quorum} suffice${enough}`,
  };
}

function explainRound(state: Extract<RunState, { kind: "in-round" }>, nowMs: number) {
  const { active } = state;
  const { round, deadlines, facts } = active;
  const where = `round ${facts.round}, attempt ${facts.attempt}, is ${round.phase}`;
  if (!isGathering(round) || deadlines === undefined)
    return { attempt: facts.attempt, phase: round.phase, summary: where };
  const names = (ids: Iterable<string>) =>
    [...ids].map((id) => active.members.get(id)?.name ?? id).sort();
  const awaited = names(round.awaited);
  const softDeadlineMs = until(deadlines.softAtMs, nowMs);
  const hardDeadlineMs = until(deadlines.hardAtMs, nowMs);
  const counted = `${round.delivered.size} of ${round.asked.size} delivered, ${round.quorum} suffice from ${seconds(softDeadlineMs)} on`;
  return {
    attempt: facts.attempt,
    phase: round.phase,
    delivered: names(round.delivered),
    awaited,
    quorum: round.quorum,
    softDeadlineMs,
    hardDeadlineMs,
    summary: `${where}: waits for ${awaited.join(", ") || "nobody"} (${counted}); ends in ${seconds(hardDeadlineMs)} at the latest`,
  };
}

function until(atMs: number, nowMs: number): number {
  return Math.max(0, atMs - nowMs);
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(ms < 10_000 ? 1 : 0)} s`;
}
