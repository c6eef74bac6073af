import { NO_ENTRY } from "./entry-hash.ts";
import { type Hash, LedgerError, type RoundRecord } from "./ledger.ts";

/** Where a run stands: round 0 and zero hashes when it has no record. */
export interface RunHead {
  readonly round: number;
  readonly planHash: Hash;
  readonly modelHash: Hash;
  readonly entry: Hash;
}

/** The head of a run without records. */
export const emptyHead: RunHead = {
  round: 0,
  planHash: NO_ENTRY,
  modelHash: NO_ENTRY,
  entry: NO_ENTRY,
};

const hashFields = ["runId", "planHash", "parentModelHash", "modelHash", "updatesRoot"] as const;

/**
 * Throws RangeError for a record that no ledger can hold: a hash that is not 64 lowercase hexadecimal digits or is zero, a
 * round below 1, survivors outside 1..2^32-1.
 */
export function checkRecord(record: RoundRecord): void {
  for (const field of hashFields) {
    const hash = record[field];
    if (!/^[0-9a-f]{64}$/.test(hash) || hash === NO_ENTRY) {
      throw new RangeError(
        `${field}: got ${hash}, wanted 64 lowercase hexadecimal digits, not all zero`,
      );
    }
  }
  if (!Number.isSafeInteger(record.round) || record.round < 1) {
    throw new RangeError(`round: got ${record.round}, wanted a whole number from 1`);
  }
  const { survivors } = record;
  if (!Number.isInteger(survivors) || survivors < 1 || survivors > 0xffff_ffff) {
    throw new RangeError(`survivors: got ${survivors}, wanted a whole number from 1 to 2^32-1`);
  }
}

/** Throws {@link LedgerError} `wrong-round` unless the record is the next one of its run. Same rules as RoundLedger.sol. */
export function checkFollows(head: RunHead, record: RoundRecord): void {
  if (record.round !== head.round + 1) throw wrongRound(record, head.round + 1);
  if (head.round === 0) return;
  if (record.planHash !== head.planHash) throw planChanged(record, head.planHash);
  if (record.parentModelHash !== head.modelHash) throw wrongParent(record, head.modelHash);
}

/** Another record has that round. */
export function conflict(record: RoundRecord, existing: Hash, own: Hash): LedgerError {
  const text = `${roundOf(record)} is committed with entry ${existing}, this record makes ${own}`;
  return new LedgerError("conflict", text);
}

/** A record, which need not be another one, has that round. */
export function alreadyCommitted(record: RoundRecord, existing: Hash): LedgerError {
  return new LedgerError("conflict", `${roundOf(record)} is committed with entry ${existing}`);
}

/** The record's round is not the next one. */
export function wrongRound(record: RoundRecord, expected: number): LedgerError {
  return new LedgerError("wrong-round", `got ${roundOf(record)}, wanted round ${expected}`);
}

/** The record's plan is not the run's. */
export function planChanged(record: RoundRecord, expected: Hash): LedgerError {
  const text = `${roundOf(record)} has plan ${record.planHash}, its run has ${expected}`;
  return new LedgerError("wrong-round", text);
}

/** The record's round trained from a model that the round before did not make. */
export function wrongParent(record: RoundRecord, expected: Hash): LedgerError {
  const parent = record.parentModelHash;
  const text = `${roundOf(record)} trained from model ${parent}, the round before made ${expected}`;
  return new LedgerError("wrong-round", text);
}

function roundOf(record: RoundRecord): string {
  return `round ${record.round} of run ${record.runId}`;
}
