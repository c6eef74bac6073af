import type { RoundRow, RunRecord } from "@chorus/coordinator";
import type { CompletedRound, RunDetails } from "../operator/run.ts";

/** A run as stored, in the words that a coordinator tells it with. */
export function detailsFromStore(run: RunRecord, rounds: readonly RoundRow[]): RunDetails {
  const { plan, strategyStateHash: _, ...summary } = run;
  return { run: summary, plan, rounds: rounds.map(roundFromStore) };
}

function roundFromStore(row: RoundRow): CompletedRound {
  const { commit, roundId: _id, runId: _run, strategyStateHash: _state, ...round } = row;
  return { ...round, ledgerEntry: commit === undefined ? undefined : entryOf(commit) };
}

function entryOf({ entry, transactionHash, blockNumber }: NonNullable<RoundRow["commit"]>) {
  return { entry, transactionHash, blockNumber };
}
