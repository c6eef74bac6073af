import {
  invitationCount,
  type ModelLayout,
  type Plan,
  type RandomSource,
} from "@chorus/aggregation";
import type { Logger } from "pino";
import type { Clock } from "../clock.ts";
import type { RoundMetrics } from "../metrics.ts";
import type { Session, Sessions } from "../participants/sessions.ts";
import { ActiveRound, type RoundEffects } from "../round/active-round.ts";
import type { Committing } from "../round/ended.ts";
import type { RoundFacts } from "../round/facts.ts";
import { selectUniformly } from "../selection/uniform.ts";
import { type BlobStore, type RunRecord, type Store, StoreError } from "../store/store.ts";
import type { RunFeed } from "./feed.ts";
import { Keeper } from "./keeper.ts";
import { progressOf } from "./progress.ts";
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
  readonly #keeper: Keeper;
  readonly #deps: RunDependencies;
  #run: RunRecord;
  #state: RunState = { kind: "ended" };
  #problem = "";

  constructor(
    options: { readonly run: RunRecord; readonly plan: Plan; readonly layout: ModelLayout },
    dependencies: RunDependencies,
  ) {
    this.#run = options.run;
    this.plan = options.plan;
    this.#layout = options.layout;
    this.#keeper = new Keeper(options, dependencies);
    this.#deps = dependencies;
  }

  get run(): RunRecord {
    return this.#run;
  }

  get state(): RunState {
    return this.#state;
  }

  /** Why the store takes no rounds; "" when it does. */
  get problem(): string {
    return this.#problem;
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
      if (completed) this.#problem = "";
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
    const { store, clock, log } = this.#deps;
    const invited = await this.#awaitParticipants(signal);
    await this.#abandonOpenAttempts();
    const { runId } = this.#run;
    const round = this.#run.completedRounds + 1;
    const { count } = await store.attempts(runId, round);
    const facts = this.#facts(round, count + 1);
    const active = new ActiveRound(facts, invited, this.#effects());
    const { roundId, attempt } = facts;
    const startedAtMs = clock.now();
    await store.startAttempt({ roundId, runId, round, attempt, startedAtMs });
    this.#state = { kind: "in-round", active };
    log.info({ runId, round, attempt, invited: invited.length }, "round begins");
    return await this.#runRound(active, startedAtMs, signal);
  }

  /** Runs the round to its end and tells its participants how it ended; true when it was completed. */
  async #runRound(active: ActiveRound, startedAtMs: number, signal: AbortSignal): Promise<boolean> {
    const { sessions } = this.#deps;
    const ids = [...active.members.keys()];
    sessions.occupy(ids);
    let abandoned = "the coordinator failed";
    let modelHash = "";
    try {
      // A damaged file is better known before anybody trains from it.
      await this.#keeper.load(this.#run);
      const ended = await active.run(signal);
      if (ended.phase === "abandoned") abandoned = ended.reason;
      else {
        await this.#complete(ended, active, startedAtMs);
        ({ modelHash } = ended);
        abandoned = "";
      }
    } catch (error) {
      if (error instanceof StoreError) abandoned += `: ${error.code}`;
      throw error;
    } finally {
      const { roundId } = active.facts;
      for (const id of ids)
        sessions.send(id, { kind: "round-ended", roundId, abandoned, modelHash });
      sessions.release(ids);
      if (abandoned !== "") await this.#abandon(active.facts, abandoned);
    }
    return abandoned === "";
  }

  /** An attempt whose end could not be stored when it came: the store takes writes again now. */
  async #abandonOpenAttempts(): Promise<void> {
    const { store, clock } = this.#deps;
    for (const { roundId, runId } of await store.openAttempts())
      if (runId === this.#run.runId)
        await store.abandonAttempt(roundId, "the store did not take its end", clock.now());
  }

  /** Resolves with whom to invite: when `select` are free, or at the soft deadline when a quorum is. */
  async #awaitParticipants(signal: AbortSignal): Promise<readonly Session[]> {
    const { sessions, clock, random } = this.#deps;
    const { select, quorum, softDeadlineMs } = this.plan.roundPolicy;
    const softAtMs = clock.now() + softDeadlineMs.exchange;
    this.#state = { kind: "waiting-for-participants", softAtMs };
    for (;;) {
      signal.throwIfAborted();
      const { free } = sessions;
      const waitMs = softAtMs - clock.now();
      if (free.length >= select || (free.length >= quorum && waitMs <= 0))
        return selectUniformly(free, invitationCount(this.plan.roundPolicy), random);
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
      progressed(active) {
        const progress = progressOf(active);
        if (progress !== undefined) feed.publish(runId, { kind: "progress", progress });
      },
      phaseEnded(phase, seconds) {
        metrics.phaseSeconds.observe({ phase }, seconds);
        if (phase === "aggregating") metrics.aggregationSeconds.observe(seconds);
      },
      loadParent: () => this.#keeper.load(this.#run),
    };
  }

  async #complete(ended: Committing, active: ActiveRound, startedAtMs: number): Promise<void> {
    const { feed, metrics, log } = this.#deps;
    const result = await this.#keeper.keep(ended, active, startedAtMs);
    metrics.rounds.inc({ outcome: "completed" });
    metrics.reports.inc(result.survivors);
    metrics.dropouts.inc(result.cohort - result.survivors);
    const { runId, round, survivors, modelHash } = result;
    log.info({ runId, round, survivors, modelHash }, "round completed");
    feed.publish(runId, { kind: "completed", row: { ...result, commit: undefined } });
    await this.#reload();
    this.#deps.completed();
  }

  async #abandon(facts: RoundFacts, reason: string): Promise<void> {
    const { store, clock, feed, metrics, log } = this.#deps;
    const { runId, round, attempt, roundId } = facts;
    try {
      await store.abandonAttempt(roundId, reason, clock.now());
    } finally {
      metrics.rounds.inc({ outcome: "abandoned" });
      log.warn({ runId, round, attempt, reason }, "round abandoned");
      feed.publish(runId, { kind: "abandoned", round, attempt, reason });
    }
  }

  /** A store that fails, a damaged file or a bug ends the attempt, not the run. */
  #failed(error: unknown, signal: AbortSignal): boolean {
    if (signal.aborted) return false;
    const { runId } = this.#run;
    this.#problem = error instanceof StoreError ? `${error.code}: ${error.message}` : "";
    this.#deps.log.error({ err: error, runId }, "an attempt at a round failed");
    return false;
  }

  async #backOff(ms: number, signal: AbortSignal): Promise<void> {
    this.#state = { kind: "backing-off", untilMs: this.#deps.clock.now() + ms };
    await this.#deps.clock.sleep(ms, signal).catch(() => undefined);
  }
}
