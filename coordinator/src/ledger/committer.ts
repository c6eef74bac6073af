import { type Ledger, LedgerError, type RoundRecord } from "@chorus/chain";
import type { Logger } from "pino";
import type { Clock } from "../clock.ts";
import type { LedgerMetrics } from "../metrics.ts";
import { Notifier } from "../notifier.ts";
import type { RunFeed } from "../runs/feed.ts";
import type { RoundResult, Store } from "../store/store.ts";

const firstRetryMs = 1_000;
const longestRetryMs = 60_000;

/**
 * Carries completed rounds from the store's outbox to the ledger, in order, exactly once. Training never waits for it:
 * while the chain is down the outbox grows. A record that contradicts the chain halts it: somebody must look.
 */
export class Committer {
  readonly #openLedger: (signal: AbortSignal) => Promise<Ledger>;
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #feed: RunFeed;
  readonly #metrics: LedgerMetrics;
  readonly #log: Logger;
  readonly #woken = new Notifier();
  #problem = "";

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
    return this.#problem;
  }

  /** There is something new in the outbox. */
  wake(): void {
    this.#metrics.waiting.inc();
    this.#woken.notify();
  }

  /** Works until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    let retryMs = firstRetryMs;
    while (!signal.aborted) {
      const woken = this.#woken.next(signal);
      woken.catch(() => undefined);
      try {
        await this.#drain(signal);
        this.#problem = "";
        retryMs = firstRetryMs;
        await woken;
      } catch (error) {
        if (signal.aborted) return;
        this.#tell(error);
        await this.#clock.sleep(retryMs, signal).catch(() => undefined);
        retryMs = Math.min(retryMs * 2, longestRetryMs);
      }
    }
  }

  async #drain(signal: AbortSignal): Promise<void> {
    const waiting = await this.#store.outbox();
    this.#metrics.waiting.set(waiting.length);
    if (waiting.length === 0) return;
    const ledger = await this.#openLedger(signal);
    for (const result of waiting) await this.#commit(ledger, result, signal);
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

  #tell(error: unknown): void {
    const known = error instanceof LedgerError;
    this.#problem = known ? `${error.code}: ${error.message}` : "the store or the chain failed";
    this.#metrics.commits.inc({ outcome: known ? error.code : "failed" });
    const level = known && error.code === "unreachable" ? "warn" : "error";
    this.#log[level]({ err: error }, "the chain takes no commits; they wait in the outbox");
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
