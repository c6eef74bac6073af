import type { Address } from "viem";
import { entryHash, NO_ENTRY } from "./entry-hash.ts";
import type { Hash, Ledger, LedgerEntry, RoundRecord } from "./ledger.ts";
import { checkFollows, checkRecord, conflict, emptyHead, type RunHead } from "./run-rules.ts";
import { verifyRun } from "./verify-run.ts";

/**
 * A ledger that lives and dies with its process, with the entries that the contract would make. Every commit is a block;
 * there are no transactions, so a record's `transactionHash` is its entry.
 */
export class MemoryLedger implements Ledger {
  readonly description: string;
  readonly #committer: Address;
  readonly #runs = new Map<Hash, LedgerEntry[]>();
  #blocks = 0;

  constructor(committer: Address) {
    this.#committer = committer;
    this.description = `in memory, account ${committer}`;
  }

  async commit(record: RoundRecord, signal: AbortSignal): Promise<LedgerEntry> {
    signal.throwIfAborted();
    checkRecord(record);
    const run = this.#runs.get(record.runId) ?? [];
    const previous = run[record.round - 2]?.entry ?? NO_ENTRY;
    const entry = entryHash(previous, this.#committer, record);
    const existing = run[record.round - 1];
    if (existing?.entry === entry) return existing;
    if (existing !== undefined) throw conflict(record, existing.entry, entry);
    checkFollows(headOf(run), record);
    this.#blocks += 1;
    const added = {
      record: { ...record },
      entry,
      transactionHash: entry,
      blockNumber: this.#blocks,
    };
    this.#runs.set(record.runId, [...run, added]);
    return added;
  }

  async history(runId: Hash, signal: AbortSignal): Promise<readonly LedgerEntry[]> {
    signal.throwIfAborted();
    const run = this.#runs.get(runId) ?? [];
    const entries = run.map(({ entry }) => entry);
    verifyRun(this.#committer, runId, run, { head: headOf(run), entries });
    return run;
  }

  async entryOf(runId: Hash, round: number, signal: AbortSignal): Promise<Hash | undefined> {
    signal.throwIfAborted();
    return this.#runs.get(runId)?.[round - 1]?.entry;
  }
}

function headOf(run: readonly LedgerEntry[]): RunHead {
  const last = run.at(-1);
  if (last === undefined) return emptyHead;
  const { round, planHash, modelHash } = last.record;
  return { round, planHash, modelHash, entry: last.entry };
}
