import type { Hash } from "@chorus/aggregation";
import type { LedgerEntry } from "@chorus/chain";
import type { CompletedRound } from "../operator/run.ts";
import type { Difference } from "./history.ts";

/**
 * Compares a round with its record on the ledger, field by field. A round without a record differs only when it was told
 * to be on the ledger: otherwise it waits.
 */
export function checkEntry(
  planHash: Hash,
  runId: Hash,
  round: CompletedRound,
  entry: LedgerEntry | undefined,
): readonly Difference[] {
  if (entry === undefined) return missing(round);
  const { record } = entry;
  const fields: readonly (readonly [what: string, kept: unknown, onChain: unknown])[] = [
    ["the run's id", runId, record.runId],
    ["the round's number", round.round, record.round],
    ["the plan's hash", planHash, record.planHash],
    ["the parent model", round.parentModelHash, record.parentModelHash],
    ["the model", round.modelHash, record.modelHash],
    ["the updates root", round.updatesRoot, record.updatesRoot],
    ["the number of survivors", round.survivors, record.survivors],
    ...(round.ledgerEntry === undefined ? [] : placeFields(round.ledgerEntry, entry)),
  ];
  return fields
    .filter(([, kept, onChain]) => kept !== onChain)
    .map(([what, kept, onChain]) => ({
      round: round.round,
      what: `${what} on the chain`,
      expected: String(kept),
      got: String(onChain),
    }));
}

function missing(round: CompletedRound): readonly Difference[] {
  if (round.ledgerEntry === undefined) return [];
  const expected = `entry ${round.ledgerEntry.entry}`;
  return [{ round: round.round, what: "the chain's record", expected, got: "none" }];
}

function placeFields(kept: NonNullable<CompletedRound["ledgerEntry"]>, entry: LedgerEntry) {
  return [
    ["the entry", kept.entry, entry.entry],
    ["the transaction", kept.transactionHash, entry.transactionHash],
    ["the block", kept.blockNumber, entry.blockNumber],
  ] as const;
}
