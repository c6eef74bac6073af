import {
  canonicalPlan,
  type Hash,
  initialModel,
  layoutOf,
  modelHash,
  modelToBytes,
  type ParticipantId,
  type Plan,
  PlanError,
  parsePlan,
  planHash,
  sha256Hex,
} from "@chorus/aggregation";
import type { ActiveRound } from "../round/active-round.ts";
import { RoundError } from "../round/error.ts";
import type { RunRecord } from "../store/store.ts";
import { RunError } from "./error.ts";
import { type Explanation, explain } from "./explanation.ts";
import type { PhaseProgress } from "./feed.ts";
import { progressOf } from "./progress.ts";
import { type RunDependencies, RunLoop } from "./run-loop.ts";

interface DrivenRun {
  readonly loop: RunLoop;
  readonly stop: AbortController;
  readonly done: Promise<void>;
}

/** All runs of a federation: starts them, resumes them after a restart, stops them. Owns their loops until {@link close}. */
export class Runs {
  readonly #deps: RunDependencies;
  readonly #driven = new Map<Hash, DrivenRun>();

  constructor(dependencies: RunDependencies) {
    this.#deps = dependencies;
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
      this.#drive(run, parsePlan(run.plan));
    } catch (error) {
      if (!(error instanceof PlanError)) throw error;
      const { runId, name } = run;
      this.#deps.log.error(
        { err: error, runId, name },
        "run cannot go on: its plan is not understood",
      );
    }
  }

  /** Starts a run of a plan. Throws PlanError for a plan that does not hold. */
  async start(planJson: string): Promise<RunRecord> {
    const { store, blobs, clock } = this.#deps;
    const plan = parsePlan(planJson);
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

  /** Stops a running run; what was committed stays. Throws {@link RunError} `unknown-run`, `not-running`. */
  async stop(runId: Hash): Promise<RunRecord> {
    const run = await this.record(runId);
    const driven = this.#driven.get(runId);
    if (run.status !== "running" || driven === undefined)
      throw new RunError("not-running", `run ${runId} is ${run.status}, only a running one stops`);
    driven.stop.abort("stopped by an operator");
    await driven.done;
    await this.#deps.store.endRun(runId, "stopped", this.#deps.clock.now());
    const ended = await this.record(runId);
    this.#deps.feed.publish(runId, { kind: "run", run: ended });
    return ended;
  }

  /** A run as stored. Throws {@link RunError} `unknown-run`. */
  async record(runId: Hash): Promise<RunRecord> {
    const run = await this.#deps.store.run(runId);
    if (run === undefined) throw new RunError("unknown-run", `there is no run ${runId}`);
    return run;
  }

  /** What a run waits for. Throws {@link RunError} `unknown-run`. */
  async explain(runId: Hash): Promise<Explanation> {
    const { store, sessions, clock } = this.#deps;
    const run = await this.record(runId);
    const loop = this.#driven.get(runId)?.loop;
    const { select, quorum } = parsePlan(run.plan).roundPolicy;
    return explain({
      run,
      state: run.status === "running" && loop !== undefined ? loop.state : { kind: "ended" },
      wanted: { select, quorum },
      free: sessions.free.map(({ name }) => name).sort(),
      attempts: await store.attempts(runId, run.completedRounds + 1),
      nowMs: clock.now(),
    });
  }

  /** How far the run's present round has come; undefined between rounds and in a phase that waits for nobody. */
  progress(runId: Hash): PhaseProgress | undefined {
    const active = this.#driven.get(runId)?.loop.active;
    return active === undefined ? undefined : progressOf(active);
  }

  /** The running round with this id. Throws {@link RoundError} `unknown-round`. */
  round(roundId: Hash): ActiveRound {
    for (const { loop } of this.#driven.values())
      if (loop.active?.facts.roundId === roundId) return loop.active;
    throw new RoundError("unknown-round", `no round ${roundId} is running: it has ended`);
  }

  /** The running round that a participant is in, if any. */
  roundOf(participantId: ParticipantId): ActiveRound | undefined {
    for (const { loop } of this.#driven.values())
      if (loop.active?.members.has(participantId)) return loop.active;
    return undefined;
  }

  /** What keeps running runs from going on, besides their participants. */
  get problems(): readonly string[] {
    return [...this.#driven.values()]
      .map(({ loop }) => loop.problem)
      .filter((problem) => problem !== "");
  }

  /** Abandons running rounds and waits for all loops to end; the runs stay running in the store. */
  async close(): Promise<void> {
    for (const { stop } of this.#driven.values()) stop.abort("the coordinator is shutting down");
    await Promise.all([...this.#driven.values()].map(({ done }) => done));
  }

  #drive(run: RunRecord, plan: Plan): void {
    const loop = new RunLoop({ run, plan, layout: layoutOf(plan.model) }, this.#deps);
    const stop = new AbortController();
    const done = loop.drive(stop.signal).catch((error: unknown) => {
      this.#deps.log.error({ err: error, runId: run.runId }, "a run's loop failed");
    });
    this.#driven.set(run.runId, { loop, stop, done });
  }

  #newRunId(): Hash {
    const bytes = new Uint8Array(32);
    this.#deps.random.fill(bytes);
    return sha256Hex("chorus/run/v1", bytes);
  }
}
