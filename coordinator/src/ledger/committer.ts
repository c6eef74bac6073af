import type { Ledger, RoundRecord } from "@chorus/chain";
import type { Logger } from "pino";
import type { Clock } from "../clock.ts";
import type { LedgerMetrics } from "../metrics.ts";
import { Notifier } from "../notifier.ts";
import type { RunFeed } from "../runs/feed.ts";
import type { Hash, RoundResult, Store } from "../store/store.ts";
import { concernsOneRun, failureOf } from "./failure.ts";
import { requireCommits } from "./require-commits.ts";

const firstRetryMs = 1_000;
const longestRetryMs = 60_000;

/**
 * Carries completed rounds from the store's outbox to the ledger, in order, exactly once. Training never waits for it:
 * while the chain or the store takes nothing the outbox grows, and it tries again. A record that contradicts the chain halts
 * its run until the coordinator starts again: somebody must look. Other runs go on.
 */
export class Committer {
  readonly #openLedger: (signal: AbortSignal) => Promise<Ledger>;
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #feed: RunFeed;
  readonly #metrics: LedgerMetrics;
  readonly #log: Logger;
  readonly #woken = new Notifier();
  #wakes = 0;
  /** The ledger that was found to hold what was committed before. */
  #known: Ledger | undefined;
  #failure = "";
  /** Why rounds of a run are not committed any more, by run. */
  readonly #halted = new Map<Hash, string>();

  constructor(dependencies: {
    /** Opens the ledger; called again when it failed. */
    readonly openLedger: (signal: AbortSignal) => Promise<Ledger>;
    readonly store: Store;
    readonly clock: Clock;
    readonly feed: RunFeed;
    readonly metrics: LedgerMetrics;
    readonly log: Logger;
  }) {
    this.#openLedger = dependencies.openLedger;
    this.#store = dependencies.store;
    this.#clock = dependencies.clock;
    this.#feed = dependencies.feed;
    this.#metrics = dependencies.metrics;
    this.#log = dependencies.log;
  }

  /** Why the outbox does not empty; "" when it does. */
  get problem(): string {
    return [this.#failure, ...this.#halted.values()].filter((text) => text !== "").join("; ");
  }

  /** There is something new in the outbox. */
  wake(): void {
    this.#metrics.waiting.inc();
    this.#wakes += 1;
    this.#woken.notify();
  }

  /** Works until the signal aborts; nothing is under way any more when it resolves. */
  async run(signal: AbortSignal): Promise<void> {
    try {
      await this.#work(signal);
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }

  async #work(signal: AbortSignal): Promise<never> {
    let retryMs = firstRetryMs;
    for (;;) {
      signal.throwIfAborted();
      const wakes = this.#wakes;
      if (await this.#hasDrained(signal)) {
        retryMs = firstRetryMs;
        if (wakes === this.#wakes) await this.#woken.next(signal);
      } else {
        await this.#clock.sleep(retryMs, signal);
        retryMs = Math.min(retryMs * 2, longestRetryMs);
      }
    }
  }

  /** Whether all that can be committed is. */
  async #hasDrained(signal: AbortSignal): Promise<boolean> {
    try {
      await this.#drain(signal);
      this.#failure = "";
      return true;
    } catch (error) {
      signal.throwIfAborted();
      const failure = failureOf(error);
      this.#failure = failure.problem;
      this.#metrics.commits.inc({ outcome: failure.outcome });
      this.#log[failure.level]({ err: error }, failure.sentence);
      return false;
    }
  }

  async #drain(signal: AbortSignal): Promise<void> {
    // Also for nothing: a chain that does not answer is better known before the first round is completed.
    await this.#ledger(signal);
    const outbox = await this.#store.outbox();
    this.#metrics.waiting.set(outbox.length);
    for (const result of outbox) {
      if (this.#halted.has(result.runId)) continue;
      const ledger = await this.#ledger(signal);
      await this.#commitUnlessRefused(ledger, result, signal);
    }
  }

  /** The ledger, once it is found to hold what was committed before. */
  async #ledger(signal: AbortSignal): Promise<Ledger> {
    const ledger = await this.#openLedger(signal);
    if (ledger !== this.#known) await requireCommits(this.#store, ledger, signal);
    this.#known = ledger;
    return ledger;
  }

  async #commitUnlessRefused(
    ledger: Ledger,
    result: RoundResult,
    signal: AbortSignal,
  ): Promise<void> {
    try {
      await this.#commit(ledger, result, signal);
    } catch (error) {
      signal.throwIfAborted();
      if (!concernsOneRun(error)) throw error;
      const { outcome, problem } = failureOf(error);
      const { runId, round } = result;
      this.#halted.set(runId, problem);
      this.#metrics.commits.inc({ outcome });
      this.#log.error({ err: error, runId, round }, "a run's rounds are not committed any more");
    }
  }

  async #commit(ledger: Ledger, result: RoundResult, signal: AbortSignal): Promise<void> {
    const run = await this.#store.run(result.runId);
    if (run === undefined)
      throw new Error(`round ${result.round} of an unknown run ${result.runId}`);
    const entry = await ledger.commit(recordOf(result, run.planHash), signal);
    const { runId, round } = result;
    const { transactionHash, blockNumber } = entry;
    const commit = { runId, round, entry: entry.entry, transactionHash, blockNumber };
    await this.#store.recordCommit(commit);
    this.#metrics.commits.inc({ outcome: "committed" });
    this.#metrics.waiting.dec();
    this.#log.info({ runId, round, blockNumber }, "round committed to the chain");
    this.#feed.publish(runId, { kind: "committed", commit });
  }
}

function recordOf(result: RoundResult, planHash: string): RoundRecord {
  return {
    runId: result.runId,
    round: result.round,
    planHash,
    parentModelHash: result.parentModelHash,
    modelHash: result.modelHash,
    updatesRoot: result.updatesRoot,
    survivors: result.survivors,
  };
}
