import type { ActiveRound } from "../round/active-round.ts";
import type { Departure } from "../round/gathering.ts";
import { isGathering } from "../round/round.ts";
import type { RunRecord } from "../store/store.ts";
import type { RunState } from "./state.ts";

/** Departures that a text names at most. */
const mostListed = 20;

/** What a run waits for, and until when. */
export interface Explanation {
  /** One sentence for people. */
  readonly summary: string;
  readonly round: number;
  readonly attempt: number;
  /** Empty between rounds. */
  readonly phase: string;
  /** Names. */
  readonly delivered: readonly string[];
  readonly awaited: readonly string[];
  /** 0 for a run that waits for nobody. */
  readonly quorum: number;
  /** From now, never negative. */
  readonly softDeadlineMs: number;
  readonly hardDeadlineMs: number;
  readonly lastAbandonment: string;
}

/** The attempts at a run's present round so far. */
export interface Attempts {
  readonly count: number;
  /** Empty when none was abandoned. */
  readonly lastReason: string;
}

/** The facts that the explanation of a driven run is made from. */
export interface ExplainedRun {
  readonly run: RunRecord;
  readonly state: RunState;
  readonly wanted: { readonly select: number; readonly quorum: number };
  /** Names of connected participants that are in no round. */
  readonly free: readonly string[];
  /** Connected participants that other runs' rounds have taken. */
  readonly busy: number;
  /** What made the last attempt fail; empty when it did not. */
  readonly problem: string;
  /** Who left the present round; between rounds, the last one. */
  readonly departures: readonly Departure[];
  readonly attempts: Attempts;
  /** By the clock that never jumps. */
  readonly nowMs: number;
}

/** Explains a run that waits for nobody: one that has ended, or that nobody drives. */
export function explainIdle(run: RunRecord, attempts: Attempts, summary: string): Explanation {
  return {
    summary,
    round: run.status === "running" ? run.completedRounds + 1 : run.completedRounds,
    attempt: attempts.count,
    phase: "",
    delivered: [],
    awaited: [],
    quorum: 0,
    softDeadlineMs: 0,
    hardDeadlineMs: 0,
    lastAbandonment: attempts.lastReason,
  };
}

/** Adds that completed rounds wait for the chain. `problem`: why the ledger takes nothing; "" when it does. */
export function withUncommitted(
  explanation: Explanation,
  rounds: number,
  problem: string,
): Explanation {
  if (rounds === 0 || problem === "") return explanation;
  const which = rounds === 1 ? "1 completed round is" : `${rounds} completed rounds are`;
  const summary = `${explanation.summary}; ${which} not on the chain yet (${problem})`;
  return { ...explanation, summary };
}

/** Explains what a run waits for that is driven. */
export function explain(facts: ExplainedRun): Explanation {
  const { run, state, attempts, problem, nowMs } = facts;
  const idle = explainIdle(
    run,
    attempts,
    "the run is between rounds: it waits for the store alone",
  );
  switch (state.kind) {
    case "between-rounds":
      return idle;
    case "backing-off": {
      const waitMs = until(state.untilMs, nowMs);
      return {
        ...idle,
        softDeadlineMs: waitMs,
        hardDeadlineMs: waitMs,
        lastAbandonment: attempts.lastReason || state.because,
        summary: `${state.because}; next attempt in ${seconds(waitMs)}${leftBefore(facts)}`,
      };
    }
    case "waiting-for-participants":
      return { ...idle, ...explainWaiting(facts, state) };
    case "in-round": {
      const round = explainRound(state, facts.departures);
      return { ...idle, ...round, summary: round.summary + failedBefore(problem) };
    }
  }
}

function explainWaiting(
  facts: ExplainedRun,
  { softAtMs, place }: Extract<RunState, { kind: "waiting-for-participants" }>,
) {
  const { free, busy, wanted, run, problem } = facts;
  const softMs = until(softAtMs, facts.nowMs);
  const there = busy === 0 ? "connected" : `free (${busy} in rounds of other runs)`;
  const goesOn = place.isNext
    ? `, goes on without the rest in ${seconds(softMs)}`
    : ", runs that have waited longer come first";
  const enough = free.length >= wanted.quorum ? goesOn : "";
  return {
    phase: "waiting-for-participants",
    delivered: free,
    quorum: wanted.quorum,
    softDeadlineMs: softMs,
    summary: `round ${run.completedRounds + 1} waits for participants: ${free.length} of ${wanted.select} ${there}, ${wanted.quorum} suffice${enough}${failedBefore(problem)}${leftBefore(facts)}`,
  };
}

function explainRound(
  { active }: Extract<RunState, { kind: "in-round" }>,
  departures: readonly Departure[],
) {
  const { round, remaining, facts } = active;
  const where = `round ${facts.round}, attempt ${facts.attempt}, is ${round.phase}`;
  if (!isGathering(round) || remaining === undefined)
    return { attempt: facts.attempt, phase: round.phase, summary: where };
  const names = (ids: Iterable<string>) => [...ids].map((id) => active.nameOf(id)).sort();
  const awaited = names(round.awaited);
  const enough = round.phase === "opening" ? `${round.quorum} equal ones` : round.quorum;
  const counted = `${round.delivered.size} of ${round.asked.size} delivered, ${enough} suffice from ${seconds(remaining.softMs)} on`;
  const left = departures.length === 0 ? "" : `; left: ${listed(departures)}`;
  const model = round.phase === "training" ? handoverOf(active, names) : "";
  return {
    attempt: facts.attempt,
    phase: round.phase,
    delivered: names(round.delivered),
    awaited,
    quorum: round.quorum,
    softDeadlineMs: remaining.softMs,
    hardDeadlineMs: remaining.hardMs,
    summary: `${where}: waits for ${awaited.join(", ") || "nobody"} (${counted}); ends in ${seconds(remaining.hardMs)} at the latest${model}${left}`,
  };
}

/** In training: who has not handed the model over, or not one that others can use, and who is to hand it over to whom. */
function handoverOf(
  { round, doubts }: ActiveRound,
  names: (ids: Iterable<string>) => string[],
): string {
  if (!isGathering(round) || round.phase !== "training") return "";
  const told = doubts.map(({ text }) => `; ${text}`).join("");
  const { giver, requests } = round.handover;
  if (giver === undefined) return told;
  return `${told}; ${names([giver]).join()} is to hand the model over to ${names(requests.keys()).join(", ")}`;
}

function failedBefore(problem: string): string {
  return problem === "" ? "" : `; the last attempt failed (${problem})`;
}

function leftBefore({ departures }: ExplainedRun): string {
  return departures.length === 0 ? "" : `; left the last attempt: ${listed(departures)}`;
}

/** Who left, each with the code of its reason: the first few, and how many more. */
export function listed(departures: readonly Departure[]): string {
  const told = departures.slice(0, mostListed).map(({ name, reason }) => `${name} (${reason})`);
  const more = departures.length - told.length;
  return more === 0 ? told.join(", ") : `${told.join(", ")} and ${more} more`;
}

function until(atMs: number, nowMs: number): number {
  return Math.max(0, atMs - nowMs);
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(ms < 10_000 ? 1 : 0)} s`;
}
