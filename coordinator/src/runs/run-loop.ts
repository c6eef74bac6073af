import {
  type Hash,
  type ModelLayout,
  modelFromBytes,
  modelToBytes,
  type Plan,
  type RandomSource,
  sha256Hex,
} from "@chorus/aggregation";
import type { Logger } from "pino";
import type { Clock } from "../clock.ts";
import type { RoundMetrics } from "../metrics.ts";
import type { Session, Sessions } from "../participants/sessions.ts";
import { ActiveRound, type RoundEffects } from "../round/active-round.ts";
import { Abandoned, type Committing } from "../round/ended.ts";
import type { RoundFacts } from "../round/facts.ts";
import { isGathering } from "../round/round.ts";
import { selectUniformly } from "../selection/uniform.ts";
import type { BlobStore, RoundResult, RunRecord, Store } from "../store/store.ts";
import type { RunFeed } from "./feed.ts";
import type { RunState } from "./state.ts";

const firstBackoffMs = 1_000;
const longestBackoffMs = 30_000;

/** What a run needs from the coordinator. */
export interface RunDependencies {
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly store: Store;
  readonly blobs: BlobStore;
  readonly sessions: Sessions;
  readonly feed: RunFeed;
  readonly metrics: RoundMetrics;
  readonly log: Logger;
  /** A round was completed: there is something for the ledger. */
  readonly completed: () => void;
}

/** Drives one run from the round after the last completed one to the plan's last. */
export class RunLoop {
  readonly plan: Plan;
  readonly #layout: ModelLayout;
  readonly #deps: RunDependencies;
  #run: RunRecord;
  #state: RunState = { kind: "ended" };

  constructor(
    options: { readonly run: RunRecord; readonly plan: Plan; readonly layout: ModelLayout },
    dependencies: RunDependencies,
  ) {
    this.#run = options.run;
    this.plan = options.plan;
    this.#layout = options.layout;
    this.#deps = dependencies;
  }

  get run(): RunRecord {
    return this.#run;
  }

  get state(): RunState {
    return this.#state;
  }

  /** The round that runs now, if one does. */
  get active(): ActiveRound | undefined {
    return this.#state.kind === "in-round" ? this.#state.active : undefined;
  }

  /** Goes from round to round until the plan is done or the signal aborts (the round is then abandoned). */
  async drive(signal: AbortSignal): Promise<void> {
    let backoffMs = firstBackoffMs;
    while (!signal.aborted && this.#run.completedRounds < this.#run.plannedRounds) {
      const completed = await this.#attempt(signal).catch((error: unknown) =>
        this.#failed(error, signal),
      );
      backoffMs = completed ? firstBackoffMs : Math.min(backoffMs * 2, longestBackoffMs);
      if (!completed && !signal.aborted) await this.#backOff(backoffMs / 2, signal);
    }
    this.#state = { kind: "ended" };
    if (signal.aborted) return;
    await this.#deps.store.endRun(this.#run.runId, "completed", this.#deps.clock.now());
    await this.#reload();
    this.#deps.log.info({ runId: this.#run.runId }, "run completed");
  }

  /** Reads the run again and tells watchers. */
  async #reload(): Promise<void> {
    const { store, feed } = this.#deps;
    this.#run = (await store.run(this.#run.runId)) ?? this.#run;
    feed.publish(this.#run.runId, { kind: "run", run: this.#run });
  }

  /** One attempt at the next round; true when it was completed. */
  async #attempt(signal: AbortSignal): Promise<boolean> {
    const { store, clock, sessions, log } = this.#deps;
    const invited = await this.#awaitParticipants(signal);
    const { runId } = this.#run;
    const round = this.#run.completedRounds + 1;
    const { count } = await store.attempts(runId, round);
    const facts = this.#facts(round, count + 1);
    const active = new ActiveRound(facts, invited, this.#effects());
    this.#state = { kind: "in-round", active };
    const ids = [...active.members.keys()];
    sessions.occupy(ids);
    const startedAtMs = clock.now();
    await store.startAttempt({
      roundId: facts.roundId,
      runId,
      round,
      attempt: facts.attempt,
      startedAtMs,
    });
    log.info({ runId, round, attempt: facts.attempt, invited: ids.length }, "round begins");
    let ended: Committing | Abandoned = new Abandoned(facts, "the coordinator failed");
    try {
      ended = await active.run(signal);
      if (ended.phase === "committing") await this.#complete(ended, active, startedAtMs);
    } finally {
      if (ended.phase === "abandoned") await this.#abandoned(ended);
      this.#sendEnd(active, ended);
      sessions.release(ids);
    }
    return ended.phase === "committing";
  }

  /** Resolves with whom to invite: when `select` are free, or at the soft deadline when a quorum is. */
  async #awaitParticipants(signal: AbortSignal): Promise<readonly Session[]> {
    const { sessions, clock, random } = this.#deps;
    const { select, overSelect, quorum, softDeadlineMs } = this.plan.roundPolicy;
    const softAtMs = clock.now() + softDeadlineMs.exchange;
    this.#state = { kind: "waiting-for-participants", softAtMs };
    for (;;) {
      signal.throwIfAborted();
      const { free } = sessions;
      const waitMs = softAtMs - clock.now();
      if (free.length >= select || (free.length >= quorum && waitMs <= 0))
        return selectUniformly(free, Math.ceil(select * overSelect), random);
      await this.#nextChange(waitMs > 0 ? waitMs : softDeadlineMs.exchange, signal);
    }
  }

  /** Resolves when somebody comes or goes, or after `ms`. */
  async #nextChange(ms: number, signal: AbortSignal): Promise<void> {
    const done = new AbortController();
    const either = AbortSignal.any([signal, done.signal]);
    const waits = [this.#deps.sessions.changed.next(either), this.#deps.clock.sleep(ms, either)];
    try {
      await Promise.race(waits);
    } finally {
      done.abort();
      await Promise.allSettled(waits);
    }
  }

  #facts(round: number, attempt: number): RoundFacts {
    const { runId, planHash, plan, modelHash } = this.#run;
    const id = new Uint8Array(32);
    this.#deps.random.fill(id);
    return {
      federationId: this.#deps.store.federation.federationId,
      runId,
      round,
      attempt,
      roundId: Buffer.from(id).toString("hex"),
      plan: this.plan,
      planJson: plan,
      planHash,
      parentModelHash: modelHash,
      dimension: this.#layout.parameters,
    };
  }

  #effects(): RoundEffects {
    const { clock, sessions, feed, metrics } = this.#deps;
    const { runId } = this.#run;
    return {
      clock,
      send: (participantId, instruction) => sessions.send(participantId, instruction),
      progressed({ round, facts: { round: number, attempt } }) {
        if (!isGathering(round)) return;
        const { phase, delivered, asked } = round;
        const progress = {
          round: number,
          attempt,
          phase,
          delivered: delivered.size,
          asked: asked.size,
        };
        feed.publish(runId, { kind: "progress", progress });
      },
      phaseEnded(phase, seconds) {
        metrics.phaseSeconds.observe({ phase }, seconds);
        if (phase === "aggregating") metrics.aggregationSeconds.observe(seconds);
      },
      loadParent: () => this.#loadParent(),
    };
  }

  async #loadParent(): Promise<{ model: Float32Array; state: Float32Array | undefined }> {
    const { blobs } = this.#deps;
    const { modelHash, strategyStateHash } = this.#run;
    const model = modelFromBytes(this.#layout, await blobs.get(modelHash));
    const state =
      strategyStateHash === ""
        ? undefined
        : modelFromBytes(this.#layout, await blobs.get(strategyStateHash));
    return { model, state };
  }

  /** Files first, then one transaction that makes the round part of the run: a crash in between loses nothing. */
  async #complete(ended: Committing, active: ActiveRound, startedAtMs: number): Promise<void> {
    const { blobs, store, feed, metrics, log } = this.#deps;
    await blobs.put(ended.modelHash, modelToBytes(ended.model));
    const strategyStateHash = await this.#keepState(ended.strategyState);
    const result = this.#result(ended, active, startedAtMs, strategyStateHash);
    await store.completeRound(result);
    metrics.rounds.inc({ outcome: "completed" });
    metrics.reports.inc(result.survivors);
    metrics.dropouts.inc(result.cohort - result.survivors);
    const { runId, round, survivors } = result;
    log.info({ runId, round, survivors, modelHash: result.modelHash }, "round completed");
    feed.publish(runId, { kind: "completed", row: { ...result, commit: undefined } });
    await this.#reload();
    this.#deps.completed();
  }

  /** Keeps the outer optimiser's state under the SHA-256 of its bytes; "" for a strategy without one. */
  async #keepState(state: Float32Array | undefined): Promise<Hash | ""> {
    if (state === undefined) return "";
    const bytes = modelToBytes(state);
    const hash = sha256Hex(bytes);
    await this.#deps.blobs.put(hash, bytes);
    return hash;
  }

  #result(
    { facts, modelHash, updatesRoot, cohort, survivors, counts }: Committing,
    active: ActiveRound,
    startedAtMs: number,
    strategyStateHash: Hash | "",
  ): RoundResult {
    const { trainingExamples, evaluationExamples, evaluationCorrect } = counts;
    const lossSum = counts.evaluationLossMillis / 1000;
    return {
      roundId: facts.roundId,
      runId: facts.runId,
      round: facts.round,
      attempts: facts.attempt,
      parentModelHash: facts.parentModelHash,
      modelHash,
      strategyStateHash,
      updatesRoot,
      cohort,
      survivors: survivors.size,
      startedAtMs,
      endedAtMs: this.#deps.clock.now(),
      phases: active.phases,
      ...active.traffic,
      trainingExamples,
      evaluationExamples,
      evaluationCorrect,
      evaluationLoss: evaluationExamples === 0 ? 0 : lossSum / evaluationExamples,
    };
  }

  async #abandoned({ facts, reason }: Abandoned): Promise<void> {
    const { store, clock, feed, metrics, log } = this.#deps;
    const { runId, round, attempt, roundId } = facts;
    await store.abandonAttempt(roundId, reason, clock.now());
    metrics.rounds.inc({ outcome: "abandoned" });
    log.warn({ runId, round, attempt, reason }, "round abandoned");
    feed.publish(runId, { kind: "abandoned", round, attempt, reason });
  }

  #sendEnd(active: ActiveRound, ended: Committing | Abandoned): void {
    const { roundId } = active.facts;
    const abandoned = ended.phase === "abandoned" ? ended.reason : "";
    const modelHash = ended.phase === "committing" ? ended.modelHash : "";
    for (const id of active.members.keys())
      this.#deps.sessions.send(id, { kind: "round-ended", roundId, abandoned, modelHash });
  }

  /** A store that fails or a bug ends the attempt, not the run. */
  #failed(error: unknown, signal: AbortSignal): boolean {
    if (!signal.aborted)
      this.#deps.log.error({ error, runId: this.#run.runId }, "an attempt at a round failed");
    return false;
  }

  async #backOff(ms: number, signal: AbortSignal): Promise<void> {
    this.#state = { kind: "backing-off", untilMs: this.#deps.clock.now() + ms };
    await this.#deps.clock.sleep(ms, signal).catch(() => undefined);
  }
}
