import { access } from "node:fs/promises";
import { type Hash, systemRandom } from "@chorus/aggregation";
import { type EmbeddedChain, LedgerError } from "@chorus/chain";
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
import {
  type Difference,
  damageOf,
  type HistorySource,
  noFile,
  type OpenHistory,
  oversizeFile,
  type StoredFacts,
  type UnreadFile,
} from "./history.ts";
import type { LedgerChoice } from "./ledger-choice.ts";
import { openChain, openLedger } from "./offline-ledger.ts";
import { detailsFromStore } from "./store-details.ts";

/**
 * Reads runs from a data directory that no coordinator has open, and keeps it locked meanwhile. Throws {@link CliError}
 * `not-running` when there is no coordinator's data, `verification-failed` when the store is missing or too damaged to open;
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
  readonly #chain: EmbeddedChain | LedgerError;

  constructor(
    dataDirectory: string,
    store: PgliteStore,
    blobs: BlobStore,
    chain: EmbeddedChain | LedgerError,
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

  async file(hash: Hash, mostBytes: number): Promise<Uint8Array | UnreadFile> {
    try {
      if ((await this.#blobs.size(hash)) === undefined) return noFile;
      const bytes = await this.#blobs.read(hash, 0, mostBytes + 1);
      return bytes.length > mostBytes ? oversizeFile(mostBytes) : bytes;
    } catch (error) {
      if (!isFileError(error)) throw error;
      return { problem: `it cannot be read (${error.message})` };
    }
  }

  async storedFacts(runId: Hash): Promise<StoredFacts> {
    const { federationId } = this.#store.federation;
    const rounds = await undamaged(() => this.#store.rounds(runId));
    return { federationId, rounds: new Map(rounds.map((row) => [row.round, row])) };
  }

  /** Every event and row of the store, every block of the embedded chain. */
  async audit(signal: AbortSignal): Promise<readonly Difference[]> {
    const chain = this.#chain;
    const found = [await damageIn("the store", () => this.#store.verify(signal), StoreError)];
    if (!(chain instanceof LedgerError))
      found.push(await damageIn("the chain", () => chain.audit(signal), LedgerError));
    return found.flat();
  }
}

/** Whether the file system refused: a folder in a file's place, a file that may not be read, a disk that fails. */
function isFileError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && "syscall" in error;
}

async function damageIn(
  what: string,
  check: () => Promise<unknown>,
  damage: typeof StoreError | typeof LedgerError,
): Promise<readonly Difference[]> {
  try {
    await check();
    return [];
  } catch (error) {
    if (!(error instanceof damage)) throw error;
    return [damageOf(what, error)];
  }
}

/** A data directory is never made here; one that has lost its store is damaged. */
async function requireData(dataDirectory: string): Promise<void> {
  const { store, blobs, chain } = pathsIn(dataDirectory);
  const there = await Promise.all([store, blobs, chain].map(exists));
  if (there.includes(true)) return;
  throw new CliError(
    "not-running",
    `${dataDirectory} is no coordinator's data directory`,
    "Name one with --data-dir, or a running coordinator with --coordinator.",
  );
}

async function exists(path: string): Promise<boolean> {
  return await access(path).then(
    () => true,
    () => false,
  );
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
    {
      directory: store,
      mustExist: true,
      federationName: undefined,
      clock: systemClock,
      random: systemRandom,
    },
    signal,
  );
}
