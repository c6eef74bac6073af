import { dirname, resolve } from "node:path";
import type { RandomSource } from "@chorus/aggregation";
import { makeFolder } from "./files/durable-files.ts";
import { writingTo } from "./files/file-errors.ts";
import { ProcessLock } from "./files/process-lock.ts";
import { openSecret } from "./files/secret-file.ts";

/** Where things are in a coordinator's data directory. Absolute paths. */
export interface DataPaths {
  readonly store: string;
  readonly blobs: string;
  /** The embedded chain's folder. */
  readonly chain: string;
  /** The coordinator's key on the chain. */
  readonly key: string;
  /** Address of the contract, once it is known. */
  readonly contract: string;
  /** File with the secret that lets participants enrol. */
  readonly invitation: string;
  /** File with the secret that lets operators in. */
  readonly operatorToken: string;
  /** Where a running coordinator says how it can be reached. */
  readonly announcement: string;
}

/** 32 random bytes each, in base64url. */
export interface DataSecrets {
  readonly invitation: string;
  readonly operatorToken: string;
}

/** A coordinator's data directory, locked until it is disposed. */
export class DataDirectory implements AsyncDisposable {
  readonly path: string;
  readonly paths: DataPaths;
  readonly #secrets: DataSecrets;
  readonly #lock: ProcessLock;

  constructor(path: string, secrets: DataSecrets, lock: ProcessLock) {
    this.path = path;
    this.paths = pathsIn(path);
    this.#secrets = secrets;
    this.#lock = lock;
  }

  /** No field, so that printing the directory does not show them. */
  get secrets(): DataSecrets {
    return this.#secrets;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#lock[Symbol.asyncDispose]();
  }
}

/**
 * Opens a coordinator's data directory for this process alone. At first it makes the directory (mode 0700) and the two
 * secrets (mode 0600). Throws {@link StoreError} `unwritable` (naming directory, cause and remedy), `locked` (naming
 * the process), `damaged` for a secret's file that holds none.
 */
export function openDataDirectory(
  path: string,
  dependencies: { readonly random: RandomSource },
): Promise<DataDirectory> {
  const directory = resolve(path);
  const { random } = dependencies;
  return writingTo(directory, async () => {
    const { invitation, operatorToken, key } = pathsIn(directory);
    await makeFolder(dirname(key));
    await using stack = new AsyncDisposableStack();
    // The lock is also the proof that the directory can be written to.
    const lock = stack.use(await ProcessLock.acquire(directory));
    const secrets = {
      invitation: await openSecret(invitation, random),
      operatorToken: await openSecret(operatorToken, random),
    };
    stack.move();
    return new DataDirectory(directory, secrets, lock);
  });
}

/** The paths of a data directory, for those who only look into it. */
export function pathsIn(directory: string): DataPaths {
  const inside = (...names: readonly string[]) => resolve(directory, ...names);
  return {
    store: inside("store"),
    blobs: inside("blobs"),
    chain: inside("chain"),
    key: inside("keys", "committer"),
    contract: inside("keys", "contract"),
    invitation: inside("invitation"),
    operatorToken: inside("operator-token"),
    announcement: inside("coordinator.json"),
  };
}
