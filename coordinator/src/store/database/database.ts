import { existsSync } from "node:fs";
import { readdir, statfs } from "node:fs/promises";
import { dirname } from "node:path";
import { writingTo } from "../files/file-errors.ts";
import { StoreError } from "../store.ts";
import { createCluster, hasCluster } from "./create-cluster.ts";
import { type Engine, startEngine, stopEngine } from "./engine.ts";
import { explainSqlError } from "./sql-errors.ts";
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
   * Opens the database in a folder that nobody else has open, creating it at first unless it `mustExist` (`damaged`);
   * `undefined` is a new one in memory.
   * Takes a fraction of a second, some seconds at first.
   */
  static async open(
    directory: string | undefined,
    signal: AbortSignal,
    { mustExist = false }: { readonly mustExist?: boolean } = {},
  ): Promise<Database> {
    signal.throwIfAborted();
    if (directory === undefined) return Database.start(undefined, signal);
    return writingTo(directory, async () => {
      await prepare(directory, mustExist);
      return Database.start(new SyncedNodeFs(directory), signal);
    });
  }

  /** Starts a database that exists in a folder, or a new one in memory. */
  static async start(files: SyncedNodeFs | undefined, signal: AbortSignal): Promise<Database> {
    signal.throwIfAborted();
    const engine = await startEngine(files);
    await using stack = new AsyncDisposableStack();
    const database = stack.use(new Database(engine));
    await database.#checkSyncs();
    signal.throwIfAborted();
    stack.move();
    return database;
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

  /** A PGlite that no longer asks for syncs would lose acknowledged changes in a power cut, and nothing would tell. */
  async #checkSyncs(): Promise<void> {
    const { files } = this.#engine;
    if (files === undefined) return;
    const before = files.syncs;
    await this.query("SELECT pg_logical_emit_message(false, 'chorus', 'opened', true)");
    if (files.syncs === before) throw new Error("PGlite acknowledged a change without a sync");
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
      if (death === undefined) throw explainSqlError(error);
      const cause = this.#engine.files?.failure ?? error;
      const message = `the database stopped: ${death}; restart the coordinator, nothing that it acknowledged is lost`;
      throw new StoreError("unwritable", message, { cause });
    }
  }
}

async function prepare(directory: string, mustExist: boolean): Promise<void> {
  if (hasCluster(directory)) return checkFreeSpace(directory, directory, changeBytes);
  if (mustExist) throw new StoreError("damaged", `there is no database in ${directory}`);
  await checkEmpty(directory);
  await checkFreeSpace(directory, dirname(directory), creationBytes);
  await createCluster(directory);
}

async function checkEmpty(directory: string): Promise<void> {
  const names = existsSync(directory) ? await readdir(directory) : [];
  if (names.length === 0) return;
  const message = `${directory} holds something that is no store (${names[0]}): choose another directory`;
  throw new StoreError("unwritable", message);
}

/** A full disk found by PostgreSQL's log is its death, so it is looked for first. `existing`: where to look. */
async function checkFreeSpace(directory: string, existing: string, wanted: number): Promise<void> {
  const { bavail, bsize } = await statfs(existing);
  const free = bavail * bsize;
  if (free >= wanted) return;
  const amounts = `${Math.floor(free / mebibyte)} MiB free, wanted ${wanted / mebibyte} MiB`;
  throw new StoreError("unwritable", `cannot write to ${directory}: its disk has ${amounts}`);
}
