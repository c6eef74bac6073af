import { type ChainAccess, type Ledger, LedgerError } from "@chorus/chain";
import type { RoundCommit, Store } from "../store/store.ts";

/**
 * Throws LedgerError unless the chain can be the one that the store's rounds were committed to: `missing-chain` when it is not
 * known which contract holds them, and for the embedded chain `broken-chain` when it does not hold the last one. A chain
 * elsewhere, which need not answer when a coordinator starts, is looked at when a commit is due. Makes nothing.
 */
export async function requireChainOfStore(
  store: Store,
  chain: Pick<ChainAccess, "contract" | "ledger" | "readOnly">,
  signal: AbortSignal,
): Promise<void> {
  const last = await lastCommit(store);
  if (last === undefined) return;
  if (chain.contract === undefined) {
    const where = chain.readOnly === undefined ? "name it with the chain's URL" : "restore it";
    const text = `${roundOf(last)} was committed, and the contract that holds it is not known: ${where}`;
    throw new LedgerError("missing-chain", text);
  }
  if (chain.readOnly === undefined) return;
  await requireEntry(await chain.ledger(signal), last, signal);
}

/** Throws LedgerError `broken-chain` unless the ledger holds the round that was committed last, `unreachable`. */
export async function requireCommits(
  store: Store,
  ledger: Ledger,
  signal: AbortSignal,
): Promise<void> {
  const last = await lastCommit(store);
  if (last !== undefined) await requireEntry(ledger, last, signal);
}

async function requireEntry(ledger: Ledger, last: RoundCommit, signal: AbortSignal): Promise<void> {
  const got = (await ledger.entryOf(last.runId, last.round, signal)) ?? "none";
  if (got === last.entry) return;
  const what = `${roundOf(last)} was committed with entry ${last.entry}, the chain has ${got}`;
  const text = `${what}: it is not the chain that the store's rounds are on, or has lost its end`;
  throw new LedgerError("broken-chain", text);
}

/** The one in the highest block; undefined before any. */
async function lastCommit(store: Store): Promise<RoundCommit | undefined> {
  let last: RoundCommit | undefined;
  for (const { runId } of await store.runs()) {
    for (const { commit } of await store.rounds(runId))
      if (commit !== undefined && commit.blockNumber > (last?.blockNumber ?? -1)) last = commit;
  }
  return last;
}

function roundOf({ round, runId }: RoundCommit): string {
  return `round ${round} of run ${runId}`;
}
