import { access } from "node:fs/promises";
import { type Hash, systemRandom } from "@chorus/aggregation";
import {
  type EmbeddedChain,
  knownContract,
  LedgerError,
  type LedgerReader,
  loadOrCreateAccount,
  openEmbeddedChain,
  openLedgerReader,
} from "@chorus/chain";
import {
  type BlobStore,
  type DataPaths,
  openBlobStore,
  openDataDirectory,
  openStore,
  type PgliteStore,
  pathsIn,
  StoreError,
  systemClock,
} from "@chorus/coordinator";
import { CliError } from "../cli-error.ts";
import { pickRun } from "../operator/operator.ts";
import type { RunDetails } from "../operator/run.ts";
import type { Difference, HistorySource, OpenHistory } from "./history.ts";
import { chainTimeoutMs, emptyLedger, type LedgerChoice, openRpcLedger } from "./ledger-choice.ts";
import { detailsFromStore } from "./store-details.ts";

/**
 * Reads runs from a data directory that no coordinator has open, and keeps it locked meanwhile. Throws {@link CliError}
 * `not-running` when there is no coordinator's data, `verification-failed` when the store is too damaged to open;
 * StoreError `locked`; LedgerError when another chain than the embedded one cannot be read.
 */
export async function openOfflineHistory(
  dataDirectory: string,
  ledgerChoice: LedgerChoice,
  signal: AbortSignal,
): Promise<OpenHistory> {
  await requireData(dataDirectory);
  await using opened = new AsyncDisposableStack();
  const { paths } = opened.use(await openDataDirectory(dataDirectory, { random: systemRandom }));
  const store = opened.use(await undamaged(() => openAnyStore(paths, signal)));
  const blobs = await openBlobStore(paths.blobs);
  const chain = await openChain(paths, opened);
  const ledger = await openLedger(paths, chain, ledgerChoice, signal);
  const owned = opened.move();
  return {
    ledger,
    source: new OfflineHistory(dataDirectory, store, blobs, chain),
    findRun: async (prefix) => pickRun(await undamaged(() => store.runs()), prefix).runId,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

class OfflineHistory implements HistorySource {
  readonly description: string;
  readonly #store: PgliteStore;
  readonly #blobs: BlobStore;
  readonly #chain: EmbeddedChain | LedgerError | undefined;

  constructor(
    dataDirectory: string,
    store: PgliteStore,
    blobs: BlobStore,
    chain: EmbeddedChain | LedgerError | undefined,
  ) {
    this.description = `the files in ${dataDirectory}`;
    this.#store = store;
    this.#blobs = blobs;
    this.#chain = chain;
  }

  async details(runId: Hash): Promise<RunDetails> {
    const run = await undamaged(() => this.#store.run(runId));
    if (run === undefined)
      throw new CliError("unknown-run", `there is no run ${runId}`, "List the runs.");
    return detailsFromStore(run, await undamaged(() => this.#store.rounds(runId)));
  }

  async model(modelHash: Hash): Promise<Uint8Array | undefined> {
    if ((await this.#blobs.size(modelHash)) === undefined) return undefined;
    return await this.#blobs.get(modelHash);
  }

  /** Every event and row of the store, every block of the embedded chain. */
  async audit(signal: AbortSignal): Promise<readonly Difference[]> {
    const chain = this.#chain;
    const found = [await damageOf("the store", () => this.#store.verify(signal), StoreError)];
    if (chain !== undefined && !(chain instanceof LedgerError))
      found.push(await damageOf("the chain", () => chain.audit(signal), LedgerError));
    return found.flat();
  }
}

async function damageOf(
  what: string,
  check: () => Promise<unknown>,
  damage: typeof StoreError | typeof LedgerError,
): Promise<readonly Difference[]> {
  try {
    await check();
    return [];
  } catch (error) {
    if (!(error instanceof damage)) throw error;
    return [{ round: undefined, what, expected: undefined, got: error.message }];
  }
}

/** A data directory is never made here. */
async function requireData(dataDirectory: string): Promise<void> {
  await access(pathsIn(dataDirectory).store).catch((cause: unknown) => {
    throw new CliError(
      "not-running",
      `${dataDirectory} is no coordinator's data directory`,
      "Name one with --data-dir, or a running coordinator with --coordinator.",
      { cause },
    );
  });
}

/** Reads from the store. Throws {@link CliError} `verification-failed` when it is too damaged for that. */
async function undamaged<Result>(read: () => Promise<Result>): Promise<Result> {
  try {
    return await read();
  } catch (cause) {
    if (!(cause instanceof StoreError) || cause.code !== "damaged") throw cause;
    throw new CliError(
      "verification-failed",
      `the store is damaged: ${cause.message}`,
      "Restore the data directory from a backup, and find out who changed it.",
      { cause },
    );
  }
}

/** Opens the store of whichever federation it is. */
function openAnyStore({ store }: DataPaths, signal: AbortSignal): Promise<PgliteStore> {
  return openStore(
    { directory: store, federationName: undefined, clock: systemClock, random: systemRandom },
    signal,
  );
}

/** The embedded chain, why it cannot be opened, or undefined when the federation commits to another chain. */
async function openChain(
  paths: DataPaths,
  opened: AsyncDisposableStack,
): Promise<EmbeddedChain | LedgerError | undefined> {
  try {
    await access(paths.chain);
  } catch {
    return undefined;
  }
  try {
    const options = { directory: paths.chain, account: undefined, now: Date.now };
    return opened.use(await openEmbeddedChain(options));
  } catch (error) {
    if (error instanceof LedgerError) return error;
    throw error;
  }
}

async function openLedger(
  paths: DataPaths,
  chain: EmbeddedChain | LedgerError | undefined,
  chosen: LedgerChoice,
  signal: AbortSignal,
): Promise<LedgerReader> {
  if (chain instanceof LedgerError) return unreadableLedger(chain);
  const contract = await knownContract(paths.contract);
  const { address } = await loadOrCreateAccount(paths.key);
  if (contract === undefined) return emptyLedger;
  if (chain === undefined) {
    const { chainUrl } = chosen;
    return await openRpcLedger(
      { contract, committer: address, ...defined(chosen), chainUrl },
      signal,
    );
  }
  const { transport } = chain;
  const options = { transport, contractAddress: contract, committer: address };
  return await openLedgerReader({ ...options, timeoutMs: chainTimeoutMs }, signal);
}

function defined({ contract, committer }: LedgerChoice): Partial<LedgerChoice> {
  return {
    ...(contract === undefined ? {} : { contract }),
    ...(committer === undefined ? {} : { committer }),
  };
}

/** A chain that does not open: whoever reads it learns why. */
function unreadableLedger(error: LedgerError): LedgerReader {
  return {
    description: "embedded chain, which does not open",
    history: () => Promise.reject(error),
  };
}
