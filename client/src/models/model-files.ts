import { mkdir, readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { type Hash, sha256Hex } from "@chorus/aggregation";
import { hasCode, replaceFile, syncDirectory } from "../files.ts";
import {
  type ModelContent,
  type ModelName,
  type ModelRecord,
  parseRecord,
  recordText,
} from "./model-record.ts";

/** What the files of one model are called: its round, the beginning of its hash, and what is in them. */
const FILE = /^(round-\d+-[0-9a-f]{16})\.(json|model|state)$/;
const DRAFT = /^round-\d+-[0-9a-f]{16}\.(json|model|state)\.draft$/;

/**
 * The folder `models` of a state directory: for each run a folder of its id with, for each model, `round-<n>-<hash>.model`
 * (little-endian float32, as a coordinator's model files are; of the model's hash the first 16 digits), the same `.state` where the
 * strategy has one, and `.json`, which is written last. Only their owner may read them.
 */
export class ModelFiles {
  readonly #stateDirectory: string;
  readonly #directory: string;

  constructor(stateDirectory: string) {
    this.#stateDirectory = stateDirectory;
    this.#directory = join(stateDirectory, "models");
  }

  /** Of a model's little-endian float32. */
  modelPath({ runId, round, modelHash }: Omit<ModelName, "plan">): string {
    return join(this.#directory, runId, `round-${round}-${modelHash.slice(0, 16)}.model`);
  }

  /** All records, those that were written last at the end. `damaged` is told of one that cannot be read, and why. */
  async records(damaged: (path: string, reason: string) => void): Promise<ModelRecord[]> {
    const records: ModelRecord[] = [];
    for (const path of await this.#recordPaths()) {
      try {
        const record = parseRecord(await readFile(path, "utf8"));
        if (path !== sibling(this.modelPath(record), "json"))
          throw new Error(
            `it is of the model ${record.modelHash} of round ${record.round} of run ${record.runId}`,
          );
        records.push(record);
      } catch (error) {
        damaged(path, error instanceof Error ? error.message : String(error));
      }
    }
    return records.toSorted((a, b) => Number(a.when > b.when) - Number(a.when < b.when));
  }

  /** Writes a model and its record, all on disk when this resolves. */
  async write(record: ModelRecord, { model, state }: ModelContent): Promise<void> {
    const path = this.modelPath(record);
    await mkdir(join(this.#directory, record.runId), { recursive: true, mode: 0o700 });
    await syncDirectory(this.#stateDirectory);
    await syncDirectory(this.#directory);
    await replaceFile(path, model);
    if (state !== undefined) await replaceFile(sibling(path, "state"), state);
    await this.writeRecord(record);
  }

  async writeRecord(record: ModelRecord): Promise<void> {
    await replaceFile(sibling(this.modelPath(record), "json"), recordText(record));
  }

  /** The bytes of a model. Throws an error that says why not, where it is missing or not the one of the record. */
  async readModel(record: ModelRecord): Promise<Uint8Array> {
    return await readExactly(this.modelPath(record), record.modelSha256);
  }

  /** The same of the strategy's state; undefined where the record has none. */
  async readState(record: ModelRecord): Promise<Uint8Array | undefined> {
    if (record.stateSha256 === "") return undefined;
    return await readExactly(sibling(this.modelPath(record), "state"), record.stateSha256);
  }

  /** Removes what a crash or a full disk has left: drafts, and models that have no record. */
  async sweep(): Promise<void> {
    for (const folder of await this.#folders()) {
      const names = await namesIn(folder, FILE);
      const isLeft = (name: string) => !names.includes(name.replace(FILE, "$1.json"));
      const left = [...(await namesIn(folder, DRAFT)), ...names.filter(isLeft)];
      for (const name of left) await rm(join(folder, name), { force: true });
    }
  }

  async #recordPaths(): Promise<string[]> {
    const paths = (await this.#folders()).map(async (folder) => {
      const names = await namesIn(folder, FILE);
      return names.filter((name) => name.endsWith(".json")).map((name) => join(folder, name));
    });
    return (await Promise.all(paths)).flat();
  }

  /** One for each run. */
  async #folders(): Promise<string[]> {
    const runs = await namesIn(this.#directory, /^[0-9a-f]{64}$/);
    return runs.map((runId) => join(this.#directory, runId));
  }

  /** The record goes first: what has none is no model. */
  async remove(record: ModelRecord): Promise<void> {
    const path = this.modelPath(record);
    for (const kind of ["json", "model", "state"] as const)
      await rm(sibling(path, kind), { force: true });
  }
}

function sibling(modelPath: string, kind: "json" | "model" | "state"): string {
  return modelPath.replace(/model$/, kind);
}

/** Names in a folder that look like this; none where there is no folder. */
async function namesIn(folder: string, pattern: RegExp): Promise<string[]> {
  try {
    return (await readdir(folder)).filter((name) => pattern.test(name));
  } catch (cause) {
    if (hasCode(cause, "ENOENT") || hasCode(cause, "ENOTDIR")) return [];
    throw cause;
  }
}

async function readExactly(path: string, wanted: Hash): Promise<Uint8Array> {
  const bytes = await readFile(path);
  const sha256 = sha256Hex(bytes);
  if (sha256 !== wanted) throw new Error(`the SHA-256 of ${path} is ${sha256}, wanted ${wanted}`);
  return bytes;
}
