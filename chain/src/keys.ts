import { randomBytes } from "node:crypto";
import { type FileHandle, link, mkdir, open, unlink } from "node:fs/promises";
import { dirname } from "node:path";
import { type Address, bytesToHex } from "viem";
import { type PrivateKeyAccount, privateKeyToAccount } from "viem/accounts";
import { hasCode } from "./error-code.ts";
import { syncFolder } from "./sync-folder.ts";

/** Why a key file is not used. */
type KeyFileErrorCode = "exposed" | "malformed";

/** A key file that must not or cannot be used. Never carries the key. */
export class KeyFileError extends Error {
  override readonly name = "KeyFileError";
  readonly code: KeyFileErrorCode;

  constructor(code: KeyFileErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

const keyBytes = 32;

/**
 * The account whose secp256k1 key is in the file: 32 raw bytes. Without such a file, makes a key and the file (mode 0600,
 * entire or not at all; of several processes that start at once, all get the same key). Throws {@link KeyFileError}
 * `exposed` for a file that others than its owner may use, `malformed` for one that holds no key. Where the system has no
 * POSIX modes (Windows) the file's access list is the operator's business.
 */
export async function loadOrCreateAccount(file: string): Promise<PrivateKeyAccount> {
  return (await loadAccount(file)) ?? (await createAccount(file));
}

/**
 * The address of the account whose key is in the file; undefined where there is no such file: none is made. Throws
 * {@link KeyFileError} as {@link loadOrCreateAccount} does.
 */
export async function knownAccount(file: string): Promise<Address | undefined> {
  return (await loadAccount(file))?.address;
}

async function loadAccount(file: string): Promise<PrivateKeyAccount | undefined> {
  let handle: FileHandle;
  try {
    handle = await open(file, "r");
  } catch (error) {
    if (hasCode(error, "ENOENT")) return undefined;
    throw error;
  }
  await using opened = handle;
  const { mode } = await opened.stat();
  if (process.platform !== "win32" && (mode & 0o077) !== 0) throw exposed(file, mode);
  const key = await opened.readFile();
  try {
    return accountOf(file, key);
  } finally {
    key.fill(0);
  }
}

async function createAccount(file: string): Promise<PrivateKeyAccount> {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  const draft = `${file}.${randomBytes(8).toString("hex")}`;
  await writeDraft(draft);
  try {
    await link(draft, file);
    await syncFolder(dirname(file));
  } catch (error) {
    if (!hasCode(error, "EEXIST")) throw error;
  } finally {
    await unlink(draft);
  }
  const account = await loadAccount(file);
  if (account === undefined) throw new Error(`${file} vanished while it was made`);
  return account;
}

async function writeDraft(draft: string): Promise<void> {
  await using handle = await open(draft, "wx", 0o600);
  const key = randomBytes(keyBytes);
  await handle.writeFile(key);
  key.fill(0);
  await handle.sync();
}

function accountOf(file: string, key: Uint8Array): PrivateKeyAccount {
  if (key.length !== keyBytes) {
    const text = `${file}: got ${key.length} bytes, wanted a key of ${keyBytes}`;
    throw new KeyFileError("malformed", text);
  }
  try {
    return privateKeyToAccount(bytesToHex(key));
  } catch {
    // The cause may quote the key.
    throw new KeyFileError(
      "malformed",
      `${file}: its ${keyBytes} bytes are no secp256k1 private key`,
    );
  }
}

function exposed(file: string, mode: number): KeyFileError {
  const got = (mode & 0o777).toString(8).padStart(4, "0");
  const text = `${file} has mode ${got}, wanted 0600: others can use this key; chmod 600 it, or replace it`;
  return new KeyFileError("exposed", text);
}
