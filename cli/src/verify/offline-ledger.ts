import {
  type EmbeddedChain,
  knownAccount,
  knownContract,
  LedgerError,
  type LedgerReader,
  openEmbeddedChain,
  openLedgerReader,
} from "@chorus/chain";
import type { DataPaths } from "@chorus/coordinator";
import { chainTimeoutMs, emptyLedger, type LedgerChoice, openRpcLedger } from "./ledger-choice.ts";

/** The embedded chain of a data directory, or why there is none to read. Throws LedgerError `locked`. */
export async function openChain(
  { chain: directory }: DataPaths,
  opened: AsyncDisposableStack,
): Promise<EmbeddedChain | LedgerError> {
  try {
    const options = { directory, account: undefined, mustExist: true, now: Date.now };
    return opened.use(await openEmbeddedChain(options));
  } catch (error) {
    if (error instanceof LedgerError && error.code !== "locked") return error;
    throw error;
  }
}

/**
 * The ledger of a data directory: of its embedded chain, else of the chain that was chosen. What is wrong with files of the
 * data directory is told by the ledger's history. Throws what {@link openRpcLedger} throws for a chain elsewhere.
 */
export async function openLedger(
  paths: DataPaths,
  chain: EmbeddedChain | LedgerError,
  chosen: LedgerChoice,
  signal: AbortSignal,
): Promise<LedgerReader> {
  if (!(chain instanceof LedgerError)) return await openEmbeddedLedger(paths, chain, signal);
  if (chain.code !== "missing-chain") return unreadableLedger(chain);
  if (chosen.chainUrl === undefined) return missingLedger(paths);
  const contract = chosen.contract ?? (await knownContract(paths.contract));
  if (contract === undefined) return emptyLedger;
  const committer = chosen.committer ?? (await knownAccount(paths.key));
  return await openRpcLedger({ chainUrl: chosen.chainUrl, contract, committer }, signal);
}

/** No key is needed, and none is made: the embedded chain says whose it is. */
async function openEmbeddedLedger(
  paths: DataPaths,
  { transport, owner: committer }: EmbeddedChain,
  signal: AbortSignal,
): Promise<LedgerReader> {
  try {
    const contractAddress = await knownContract(paths.contract);
    if (contractAddress === undefined) return emptyLedger;
    const options = { transport, contractAddress, committer, timeoutMs: chainTimeoutMs };
    return await openLedgerReader(options, signal);
  } catch (error) {
    if (error instanceof LedgerError) return unreadableLedger(error);
    throw error;
  }
}

/** No chain is there, and none was named: every round that was committed is missing from it. */
function missingLedger({ chain }: DataPaths): LedgerReader {
  return {
    description: `none: there is no chain in ${chain}, and --chain-url names none elsewhere`,
    history: async () => [],
  };
}

/** Files that cannot be read, though they were written here, are damaged: whoever reads the history learns why. */
function unreadableLedger(error: LedgerError): LedgerReader {
  const damage =
    error.code === "unreachable" ? new LedgerError("damaged-block", error.message) : error;
  return {
    description: "embedded chain, which cannot be read",
    history: () => Promise.reject(damage),
  };
}
