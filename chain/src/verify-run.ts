import type { Address } from "viem";
import { entryHash } from "./entry-hash.ts";
import { type Hash, type LedgerEntry, LedgerError } from "./ledger.ts";
import { checkFollows, emptyHead, type RunHead } from "./run-rules.ts";

/** What a ledger's state says of a run, besides the records. */
export interface RunState {
  readonly head: RunHead;
  /** The entries of rounds 1..head.round, in order. */
  readonly entries: readonly Hash[];
}

/**
 * Checks the records of a run, in the order in which they were found, against each other and against the ledger's state:
 * recomputes every entry from the one before. Throws {@link LedgerError} `broken-chain` naming the first round that does
 * not hold.
 */
export function verifyRun(
  committer: Address,
  runId: Hash,
  found: readonly LedgerEntry[],
  state: RunState,
): void {
  let head = emptyHead;
  for (const { record, entry } of found) {
    const round = head.round + 1;
    if (record.runId !== runId) throw broken(runId, round, `its record is of run ${record.runId}`);
    try {
      checkFollows(head, record);
    } catch (cause) {
      throw broken(runId, round, "its record does not follow the round before", cause);
    }
    const recomputed = entryHash(head.entry, committer, record);
    const kept = state.entries[round - 1] ?? "none";
    compare(runId, round, "its record came with entry", entry, recomputed);
    compare(runId, round, "the ledger keeps entry", kept, recomputed);
    head = {
      round,
      planHash: record.planHash,
      modelHash: record.modelHash,
      entry: recomputed,
    };
  }
  compareHeads(runId, head, state.head);
}

function compare(runId: Hash, round: number, what: string, got: Hash, wanted: Hash): void {
  if (got !== wanted) throw broken(runId, round, `${what} ${got}, the records give ${wanted}`);
}

function compareHeads(runId: Hash, recomputed: RunHead, kept: RunHead): void {
  const first = Math.min(recomputed.round, kept.round) + 1;
  if (recomputed.round !== kept.round) {
    const text = `${recomputed.round} records were found, the ledger's head is round ${kept.round}`;
    throw broken(runId, first, text);
  }
  const round = Math.max(1, kept.round);
  compare(runId, round, "the head has entry", kept.entry, recomputed.entry);
  compare(runId, round, "the head has plan", kept.planHash, recomputed.planHash);
  compare(runId, round, "the head has model", kept.modelHash, recomputed.modelHash);
}

function broken(runId: Hash, round: number, what: string, cause?: unknown): LedgerError {
  const text = `round ${round} of run ${runId} does not hold: ${what}`;
  return new LedgerError("broken-chain", text, { cause });
}
