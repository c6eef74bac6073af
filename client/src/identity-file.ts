import { randomUUID } from "node:crypto";
import { type FileHandle, link, mkdir, open, unlink } from "node:fs/promises";
import { join } from "node:path";
import { createIdentity, type Identity, type RandomSource } from "@chorus/aggregation";
import { ClientError } from "./error.ts";
import { hasCode, syncDirectory } from "./files.ts";

const SEED_BYTES = 32;

/**
 * The identity of the site whose state directory this is: an Ed25519 seed as hexadecimal in the file `identity`, which
 * only its owner may read. Made at the first start, kept for ever; the key never leaves the machine. Rejects with
 * {@link ClientError}: `bad-identity` when others may read the file, it cannot be read or holds something else, `unwritable`
 * when it cannot be made.
 */
export async function loadIdentity(
  stateDirectory: string,
  random: RandomSource,
): Promise<Identity> {
  const path = join(stateDirectory, "identity");
  const seed = (await readSeed(path)) ?? (await makeSeed(stateDirectory, path, random));
  const identity = createIdentity(seed);
  seed.fill(0);
  return identity;
}

/** The seed in the file; undefined when there is no file. */
async function readSeed(path: string): Promise<Uint8Array | undefined> {
  await using file = await openExisting(path);
  if (file === undefined) return undefined;
  const { mode } = await file.stat();
  // Windows has no such bits: what protects the file there is the folder that it is in.
  if (process.platform !== "win32" && (mode & 0o077) !== 0)
    throw refused(`may be read by others (mode ${octal(mode)}), wanted 600: run chmod 600 on it`);
  const text = (await file.readFile("utf8")).trimEnd();
  if (!/^[0-9a-f]{64}$/.test(text))
    throw refused(
      `has ${text.length} characters, wanted 64 lowercase hexadecimal digits: restore it from a backup, ` +
        "or remove it and enrol again as another participant",
    );
  return new Uint8Array(Buffer.from(text, "hex"));
}

/**
 * Makes a seed. The file gets its name only when it is complete and on disk, and never takes the place of another: of two
 * processes that start at once, both use the same seed.
 */
async function makeSeed(
  stateDirectory: string,
  path: string,
  random: RandomSource,
): Promise<Uint8Array> {
  const seed = new Uint8Array(SEED_BYTES);
  random.fill(seed);
  try {
    await mkdir(stateDirectory, { recursive: true, mode: 0o700 });
    await writeOnce(stateDirectory, path, `${Buffer.from(seed).toString("hex")}\n`);
  } catch (cause) {
    throw unwritable(stateDirectory, cause);
  }
  const kept = await readSeed(path);
  if (kept === undefined) throw refused("vanished while it was made");
  return kept;
}

/** Makes a file with all of its text at once, unless there is one. */
async function writeOnce(directory: string, path: string, text: string): Promise<void> {
  const draft = join(directory, `identity.${randomUUID()}.draft`);
  await writeDurably(draft, text);
  try {
    await link(draft, path);
  } catch (error) {
    if (!hasCode(error, "EEXIST")) throw error;
  } finally {
    await unlink(draft);
  }
  await syncDirectory(directory);
}

async function openExisting(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, "r");
  } catch (cause) {
    if (hasCode(cause, "ENOENT")) return undefined;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ClientError("bad-identity", `the identity file cannot be opened: ${reason}`, {
      cause,
    });
  }
}

async function writeDurably(path: string, text: string): Promise<void> {
  await using file = await open(path, "wx", 0o600);
  await file.writeFile(text);
  await file.sync();
}

function refused(what: string): ClientError {
  return new ClientError("bad-identity", `the identity file ${what}`);
}

function unwritable(directory: string, cause: unknown): ClientError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new ClientError(
    "unwritable",
    `cannot keep an identity in ${directory}: ${reason}; wanted a folder that this user can write`,
    { cause },
  );
}

function octal(mode: number): string {
  return (mode & 0o777).toString(8);
}
