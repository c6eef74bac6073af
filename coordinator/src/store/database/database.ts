import { statfs } from "node:fs/promises";
import { dirname } from "node:path";
import { writingTo } from "../files/file-errors.ts";
import { StoreError } from "../store.ts";
import { createCluster, hasCluster } from "./create-cluster.ts";
import { type Engine, startEngine, stopEngine } from "./engine.ts";
import { SyncedNodeFs } from "./synced-node-fs.ts";

const mebibyte = 2 ** 20;
/** A new database takes 30 MiB. */
const creationBytes = 64 * mebibyte;
/** More than the largest change takes: a plan twice, the pages that it touches, and three segments of the log. */
const changeBytes = 16 * mebibyte;

/** A row as PGlite gives it: a bigint column is a number where that is exact, and a bigint elsewhere. */
export type Row = Readonly<Record<string, unknown>>;

/** What a column can be set to. Numbers are integers for bigint columns. */
export type Value = string | number;

/** Runs SQL, inside a transaction or outside. */
export interface Sql {
  query(text: string, values?: readonly Value[]): Promise<readonly Row[]>;
}

/**
 * An embedded PostgreSQL. Errors of the disk are {@link StoreError} `unwritable`, pages whose checksum is wrong
 * `damaged`; other errors pass as they are.
 */
export class Database implements Sql, AsyncDisposable {
  readonly #engine: Engine;

  private constructor(engine: Engine) {
    this.#engine = engine;
  }

  /**
   * Opens the database in a folder that nobody else has open, creating it at first; `undefined` is a new one in memory.
   * Takes half a second, several at first.
   */
  static async open(
    directory: string | undefined,
    signal: AbortSignal,
    files?: SyncedNodeFs,
  ): Promise<Database> {
    signal.throwIfAborted();
    if (directory === undefined) return new Database(await startEngine(undefined));
    return writingTo(directory, async () => {
      await prepare(directory);
      signal.throwIfAborted();
      await using stack = new AsyncDisposableStack();
      const engine = await startEngine(files ?? new SyncedNodeFs(directory));
      const database = stack.use(new Database(engine));
      await checkSyncs(engine);
      signal.throwIfAborted();
      stack.move();
      return database;
    });
  }

  query(text: string, values: readonly Value[] = []): Promise<readonly Row[]> {
    return this.#explained(async () => {
      const { rows } = await this.#engine.pglite.query<Row>(text, [...values]);
      return rows;
    });
  }

  /**
   * Runs one transaction, alone; when `work` throws, nothing has changed. When it resolves, the change survives SIGKILL
   * and power loss. Refuses at once, `unwritable`, while the disk is all but full.
   */
  change<T>(work: (sql: Sql) => Promise<T>): Promise<T> {
    return this.#explained(async () => {
      const directory = this.#engine.files?.directory;
      if (directory !== undefined) await checkFreeSpace(directory, directory, changeBytes);
      return this.#transaction(work);
    });
  }

  /** Runs several queries that see one state of the database; nothing changes meanwhile. */
  read<T>(work: (sql: Sql) => Promise<T>): Promise<T> {
    return this.#explained(() => this.#transaction(work));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await stopEngine(this.#engine);
  }

  #transaction<T>(work: (sql: Sql) => Promise<T>): Promise<T> {
    return this.#engine.pglite.transaction((transaction) =>
      work({
        async query(text, values = []) {
          const { rows } = await transaction.query<Row>(text, [...values]);
          return rows;
        },
      }),
    );
  }

  async #explained<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      const death = this.#engine.death();
      if (death === undefined) throw explain(error);
      const cause = this.#engine.files?.failure ?? error;
      const message = `the database stopped: ${death}; restart the coordinator, nothing that it acknowledged is lost`;
      throw new StoreError("unwritable", message, { cause });
    }
  }
}

async function prepare(directory: string): Promise<void> {
  const exists = hasCluster(directory);
  const parent = dirname(directory);
  await checkFreeSpace(
    directory,
    exists ? directory : parent,
    exists ? changeBytes : creationBytes,
  );
  if (!exists) await createCluster(directory);
}

/** A full disk found by PostgreSQL's log is its death, so it is looked for first. `existing`: where to look. */
async function checkFreeSpace(directory: string, existing: string, wanted: number): Promise<void> {
  const { bavail, bsize } = await statfs(existing);
  const free = bavail * bsize;
  if (free >= wanted) return;
  const amounts = `${Math.floor(free / mebibyte)} MiB free, wanted ${wanted / mebibyte} MiB`;
  throw new StoreError("unwritable", `cannot write to ${directory}: its disk has ${amounts}`);
}

/** A PGlite that no longer asks for syncs would lose acknowledged changes in a power cut, and nothing would tell. */
async function checkSyncs({ pglite, files }: Engine): Promise<void> {
  const before = files?.syncs;
  await pglite.query("SELECT pg_logical_emit_message(false, 'chorus', 'opened', true)");
  if (files?.syncs === before) throw new Error("PGlite acknowledged a change without a sync");
}

/** PostgreSQL's error codes, appendix A: classes 53 (no resources), 58 (system) and XX (corruption). */
function explain(error: unknown): unknown {
  if (!(error instanceof Error && "code" in error) || error instanceof StoreError) return error;
  const code = String(error.code);
  if (/^(53|58|42501)/.test(code))
    return new StoreError("unwritable", `cannot write to the database: ${error.message}`, {
      cause: error,
    });
  if (code === "XX001" || code === "XX002")
    return new StoreError("damaged", `the database's files are damaged: ${error.message}`, {
      cause: error,
    });
  return error;
}
