import type { Hash, ModelLayout, RunPlan } from "@chorus/aggregation";
import { AttemptAccumulator } from "../he/attempt-accumulator.ts";
import { ActiveRound } from "../round/active-round.ts";
import type { RoundEffects } from "../round/effects.ts";
import type { CohortMember, RoundFacts } from "../round/facts.ts";
import { type RoundResult, type RunRecord, StoreError } from "../store/store.ts";
import type { RunDependencies } from "./dependencies.ts";
import { listed } from "./explanation.ts";
import type { Keeper } from "./keeper.ts";
import { progressOf } from "./progress.ts";

/** What an attempt at a run's next round is made from. */
export interface AttemptOptions {
  readonly run: RunRecord;
  readonly plan: RunPlan;
  readonly layout: ModelLayout;
  /** Fresh and random. */
  readonly roundId: Hash;
  /** Taken for this round. */
  readonly invited: readonly CohortMember[];
}

/** One attempt at a round, with its beginning and its end in the store. */
export class Attempt {
  readonly active: ActiveRound;
  readonly #startedAtMs: number;
  readonly #keeper: Keeper;
  readonly #run: RunRecord;
  readonly #deps: RunDependencies;
  readonly #accumulator: AttemptAccumulator;

  private constructor(
    facts: RoundFacts,
    options: AttemptOptions,
    keeper: Keeper,
    deps: RunDependencies,
  ) {
    this.#keeper = keeper;
    this.#run = options.run;
    this.#deps = deps;
    this.#startedAtMs = deps.clock.now();
    this.#accumulator = new AttemptAccumulator(deps.sumScript, deps);
    this.active = new ActiveRound(facts, options.invited, this.#effects());
  }

  /** Stores that an attempt begins; one whose end could not be stored when it came is abandoned before. Throws StoreError. */
  static async begin(
    options: AttemptOptions,
    keeper: Keeper,
    deps: RunDependencies,
  ): Promise<Attempt> {
    const { store, clock } = deps;
    const { runId, completedRounds } = options.run;
    for (const open of await store.openAttempts())
      if (open.runId === runId)
        await store.abandonAttempt(open.roundId, "the store did not take its end", clock.now());
    const round = completedRounds + 1;
    const { count } = await store.attempts(runId, round);
    const facts = factsOf(options, store.federation.federationId, round, count + 1);
    const begun = new Attempt(facts, options, keeper, deps);
    const { roundId, attempt } = facts;
    await store.startAttempt({ roundId, runId, round, attempt, startedAtMs: begun.#startedAtMs });
    return begun;
  }

  /** Runs the round to its end and tells everybody how it ended. Resolves with why it was abandoned; "" when completed. */
  async run(signal: AbortSignal): Promise<string> {
    let abandoned = "the coordinator failed";
    let modelHash = "";
    await using accumulator = this.#accumulator;
    try {
      // A damaged file is better known before anybody trains from it.
      if (this.#hasParent) await this.#keeper.load(this.#run);
      const ended = await this.active.run(AbortSignal.any([signal, accumulator.lost]));
      if (ended.phase === "abandoned") abandoned = ended.reason;
      else {
        const result = await this.#keeper.keep(ended, this.active, this.#startedAtMs);
        // Stored: whatever fails from here on, the round is completed.
        abandoned = "";
        ({ modelHash } = result);
        this.#completed(result);
      }
    } catch (error) {
      if (error instanceof StoreError && abandoned !== "") abandoned += `: ${error.code}`;
      throw error;
    } finally {
      const { roundId } = this.active.facts;
      for (const id of this.active.members.keys())
        this.#deps.sessions.send(id, { kind: "round-ended", roundId, abandoned, modelHash });
      await this.#recordEvidence();
      if (abandoned !== "") await this.#abandoned(abandoned);
    }
    return abandoned;
  }

  /** Whether the model that the round trains from is here: those of encrypted rounds are with their participants. */
  get #hasParent(): boolean {
    const { plan, round } = this.active.facts;
    return plan.protection.kind === "masking" || round === 1;
  }

  /** The round is stored: tells the ledger first, then everybody else. */
  #completed(result: RoundResult): void {
    const { completed, feed, metrics, log } = this.#deps;
    completed();
    metrics.rounds.inc({ outcome: "completed" });
    metrics.reports.inc(result.survivors);
    metrics.dropouts.inc(result.cohort - result.survivors);
    const { runId, round, survivors, modelHash } = result;
    log.info({ runId, round, survivors, modelHash }, "round completed");
    feed.publish(runId, { kind: "completed", row: { ...result, commit: undefined } });
  }

  /** Operators are told who left, and why; participants are not. */
  async #abandoned(why: string): Promise<void> {
    const { store, clock, feed, metrics, log } = this.#deps;
    const { departures, doubts } = this.active;
    const left = departures.length === 0 ? [] : [`left: ${listed(departures)}`];
    const reason = [why, ...left, ...doubts.map(({ text }) => text)].join("; ");
    const { runId, round, attempt, roundId } = this.active.facts;
    try {
      await store.abandonAttempt(roundId, reason, clock.now());
    } finally {
      metrics.rounds.inc({ outcome: "abandoned" });
      log.warn({ runId, round, attempt, reason }, "round abandoned");
      feed.publish(runId, { kind: "abandoned", round, attempt, reason });
    }
  }

  /** Stores what participants were refused for. Never rejects: without it, the round is what it is all the same. */
  async #recordEvidence(): Promise<void> {
    const { store, log } = this.#deps;
    const { facts, members, evidence } = this.active;
    const { runId, round, roundId } = facts;
    for (const record of evidence) {
      const { participantId, kind, step, refusals } = record;
      const participant = members.get(participantId)?.name;
      log.warn(
        { runId, round, participant, kind, step, refusals },
        "refused a participant's messages",
      );
      await store
        .recordEvidence({ roundId, ...record })
        .catch((error: unknown) =>
          log.error({ err: error, runId, round }, "evidence was not stored"),
        );
    }
  }

  #effects(): RoundEffects {
    const { clock, sessions, feed, metrics, unmasking, sumVerifier } = this.#deps;
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
      unmask: (job, signal) => unmasking.run(job, signal),
      loadParent: () => this.#keeper.load(this.#run),
      sumVerifier,
      accumulator: this.#accumulator,
    };
  }
}

function factsOf(
  { run, plan, layout, roundId }: AttemptOptions,
  federationId: Hash,
  round: number,
  attempt: number,
): RoundFacts {
  return {
    federationId,
    runId: run.runId,
    round,
    attempt,
    roundId,
    plan,
    planJson: run.plan,
    planHash: run.planHash,
    parentModelHash: run.modelHash,
    parentStateHash: plan.protection.kind === "he" ? run.strategyStateHash : "",
    dimension: layout.parameters,
  };
}
