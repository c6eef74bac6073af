import {
  canonicalPlan,
  type Hash,
  initialModel,
  layoutOf,
  modelHash,
  modelToBytes,
  type ParticipantId,
  PlanError,
  parseRunPlan,
  planHash,
  type RunPlan,
  sha256Hex,
} from "@chorus/aggregation";
import type { ActiveRound } from "../round/active-round.ts";
import { RoundError } from "../round/error.ts";
import { type RunRecord, StoreError } from "../store/store.ts";
import type { RunDependencies } from "./dependencies.ts";
import { RunError } from "./error.ts";
import { type Explanation, explain, explainIdle, withUncommitted } from "./explanation.ts";
import type { PhaseProgress } from "./feed.ts";
import { progressOf } from "./progress.ts";
import { RunLoop } from "./run-loop.ts";
import { WaitingLine } from "./waiting-line.ts";

interface DrivenRun {
  readonly loop: RunLoop;
  readonly stop: AbortController;
  readonly done: Promise<void>;
}

/** All runs of a federation: starts them, resumes them after a restart, stops them. Owns their loops until {@link close}. */
export class Runs {
  readonly #deps: RunDependencies;
  readonly #line: WaitingLine;
  /** Runs whose loops have not ended. */
  readonly #driven = new Map<Hash, DrivenRun>();
  /** Starts and stops under way: {@link close} waits for them. */
  readonly #pending = new Set<Promise<unknown>>();
  #isClosing = false;

  constructor(dependencies: RunDependencies) {
    this.#deps = dependencies;
    this.#line = new WaitingLine(dependencies.sessions);
  }

  /** Goes on with every running run, abandoning the attempts that a crash cut off. */
  async resume(): Promise<void> {
    const { store, clock, log } = this.#deps;
    for (const { roundId, runId, round } of await store.openAttempts()) {
      await store.abandonAttempt(roundId, "the coordinator restarted", clock.now());
      log.warn({ runId, round }, "attempt cut off by a restart abandoned");
    }
    for (const run of await store.runs()) if (run.status === "running") this.#resume(run);
  }

  /** A plan of another version that this one does not understand stops its run, not the coordinator. */
  #resume(run: RunRecord): void {
    try {
      this.#drive(run, parseRunPlan(run.plan));
    } catch (error) {
      if (!(error instanceof PlanError)) throw error;
      const { runId, name } = run;
      this.#deps.log.error(
        { err: error, runId, name },
        "run cannot go on: its plan is not understood",
      );
    }
  }

  /** Starts a run of a plan. Throws PlanError for a plan that does not hold, {@link RunError} `not-running` once closing. */
  start(planJson: string): Promise<RunRecord> {
    return this.#untilDone(() => this.#start(planJson));
  }

  /**
   * Stops a running run, also one that nobody drives; what was committed stays. A run whose rounds are all completed is
   * completed. Throws {@link RunError} `unknown-run`, `not-running`.
   */
  stop(runId: Hash): Promise<RunRecord> {
    return this.#untilDone(() => this.#stop(runId));
  }

  async #start(planJson: string): Promise<RunRecord> {
    const { store, blobs, clock } = this.#deps;
    const plan = parseRunPlan(planJson);
    const layout = layoutOf(plan.model);
    const model = initialModel(layout, plan.seed);
    const initialModelHash = modelHash(layout, model);
    await blobs.put(initialModelHash, modelToBytes(model));
    const startedAtMs = clock.now();
    const run: RunRecord = {
      runId: this.#newRunId(),
      name: plan.name,
      status: "running",
      plan: canonicalPlan(plan),
      planHash: planHash(plan),
      plannedRounds: plan.rounds,
      completedRounds: 0,
      initialModelHash,
      modelHash: initialModelHash,
      strategyStateHash: "",
      startedAtMs,
      endedAtMs: 0,
    };
    await store.createRun(run);
    this.#drive(run, plan);
    return run;
  }

  async #stop(runId: Hash): Promise<RunRecord> {
    checkRunning(await this.record(runId));
    const driven = this.#driven.get(runId);
    driven?.stop.abort("stopped by an operator");
    await driven?.done;
    // Anew: meanwhile its loop or another stop may have ended it.
    const { completedRounds, plannedRounds } = checkRunning(await this.record(runId));
    const { store, feed, clock } = this.#deps;
    const status = completedRounds < plannedRounds ? "stopped" : "completed";
    await store.endRun(runId, status, clock.now()).catch(async (error: unknown) => {
      if (error instanceof StoreError && error.code === "wrong-status")
        checkRunning(await this.record(runId));
      throw error;
    });
    const ended = await this.record(runId);
    feed.publish(runId, { kind: "run", run: ended });
    return ended;
  }

  /** A run as stored. Throws {@link RunError} `unknown-run`. */
  async record(runId: Hash): Promise<RunRecord> {
    const run = await this.#deps.store.run(runId);
    if (run === undefined) throw new RunError("unknown-run", `there is no run ${runId}`);
    return run;
  }

  /** What a run waits for, the chain included. Throws {@link RunError} `unknown-run`. */
  async explain(runId: Hash): Promise<Explanation> {
    const { store, ledgerProblem } = this.#deps;
    const run = await this.record(runId);
    const uncommitted = (await store.outbox()).filter((round) => round.runId === runId).length;
    const explanation = await this.#explain(run);
    return withUncommitted(explanation, uncommitted, ledgerProblem());
  }

  async #explain(run: RunRecord): Promise<Explanation> {
    const { store, sessions, clock } = this.#deps;
    const { runId, status } = run;
    const loop = this.#driven.get(runId)?.loop;
    const attempts = await store.attempts(runId, run.completedRounds + 1);
    if (status !== "running")
      return explainIdle(run, attempts, `the run is ${status}: it waits for nobody`);
    if (loop === undefined) return explainIdle(run, attempts, whyNotDriven(run));
    const { select, quorum } = loop.plan.roundPolicy;
    const { free, connected } = sessions;
    return explain({
      run,
      state: loop.state,
      wanted: { select, quorum },
      free: free.map(({ name }) => name).sort(),
      busy: connected.length - free.length,
      problem: loop.problem,
      departures: loop.departures,
      attempts,
      nowMs: clock.monotonicMs(),
    });
  }

  /** How far the run's present round has come; undefined between rounds and in a phase that waits for nobody. */
  progress(runId: Hash): PhaseProgress | undefined {
    const active = this.#driven.get(runId)?.loop.active;
    return active === undefined ? undefined : progressOf(active);
  }

  /** The running round with this id. Throws {@link RoundError} `unknown-round`. */
  round(roundId: Hash): ActiveRound {
    const active = this.#active(roundId);
    if (active !== undefined) return active;
    throw new RoundError("unknown-round", `no round ${roundId} is running: it has ended`);
  }

  /** The running round that a participant is in, if any. */
  roundOf(participantId: ParticipantId): ActiveRound | undefined {
    const roundId = this.#deps.sessions.roundOf(participantId);
    return roundId === undefined ? undefined : this.#active(roundId);
  }

  /** What keeps running runs from going on, besides their participants. */
  get problems(): readonly string[] {
    return [...this.#driven.values()]
      .map(({ loop }) => loop.problem)
      .filter((problem) => problem !== "");
  }

  /**
   * Refuses new starts and stops, abandons running rounds and waits for all that is under way; running runs stay running
   * in the store.
   */
  async close(): Promise<void> {
    this.#isClosing = true;
    for (const { stop } of this.#driven.values()) stop.abort("the coordinator is shutting down");
    await Promise.allSettled(this.#pending);
    await Promise.all([...this.#driven.values()].map(({ done }) => done));
  }

  /** Does what {@link close} has to wait for, or refuses. */
  async #untilDone<T>(work: () => Promise<T>): Promise<T> {
    if (this.#isClosing) throw new RunError("not-running", "the coordinator is shutting down");
    const done = work();
    this.#pending.add(done);
    try {
      return await done;
    } finally {
      this.#pending.delete(done);
    }
  }

  /** Begins a run's loop; a coordinator that is closing leaves it to its next start. */
  #drive(run: RunRecord, plan: RunPlan): void {
    const { runId } = run;
    if (this.#isClosing) return;
    if (this.#driven.has(runId)) throw new Error(`run ${runId} is driven already`);
    const options = { run, plan, layout: layoutOf(plan.model), line: this.#line };
    const loop = new RunLoop(options, this.#deps);
    const stop = new AbortController();
    const done = loop
      .drive(stop.signal)
      .catch((error: unknown) => {
        this.#deps.log.error({ err: error, runId }, "a run's loop failed");
      })
      .finally(() => this.#driven.delete(runId));
    this.#driven.set(runId, { loop, stop, done });
  }

  #active(roundId: Hash): ActiveRound | undefined {
    for (const { loop } of this.#driven.values())
      if (loop.active?.facts.roundId === roundId) return loop.active;
    return undefined;
  }

  #newRunId(): Hash {
    const bytes = new Uint8Array(32);
    this.#deps.random.fill(bytes);
    return sha256Hex("chorus/run/v1", bytes);
  }
}

/** The run itself, if it is running. Throws {@link RunError} `not-running`. */
function checkRunning(run: RunRecord): RunRecord {
  if (run.status === "running") return run;
  const said = `run ${run.runId} is ${run.status}, only a running one stops`;
  throw new RunError("not-running", said);
}

/** Why a run that is running in the store has no loop. */
function whyNotDriven({ plan }: RunRecord): string {
  try {
    parseRunPlan(plan);
  } catch (error) {
    if (!(error instanceof PlanError)) throw error;
    return `the run cannot go on: its plan is not understood (${error.message}); stop it, or start the version that it was made with`;
  }
  return "the run does not go on by itself: stop it, or start the coordinator again";
}
