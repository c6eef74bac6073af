import { readFile, rename, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import type { Address } from "viem";
import { addressFrom } from "./address.ts";
import { hasCode } from "./error-code.ts";
import { LedgerError } from "./ledger.ts";
import { syncFolder } from "./sync-folder.ts";

/**
 * The contract that this data directory has used; undefined before the first commit. Throws LedgerError `bad-address` when
 * the file holds no address.
 */
export async function knownContract(file: string): Promise<Address | undefined> {
  const text = await readFile(file, "utf8").catch((error: unknown) => {
    if (hasCode(error, "ENOENT")) return undefined;
    throw error;
  });
  return text === undefined ? undefined : addressFrom(text.trim(), `the contract in ${file}`);
}

/**
 * Writes the address, durably, unless it is there: a contract that is forgotten is deployed a second time, and its history is
 * not found again. Throws LedgerError `unwritable`.
 */
export async function keepContract(file: string, address: Address): Promise<void> {
  const text = `${address}\n`;
  try {
    if ((await readFile(file, "utf8").catch(() => "")) === text) return;
    await writeFile(`${file}.new`, text, { mode: 0o600, flush: true });
    await rename(`${file}.new`, file);
    await syncFolder(dirname(file));
  } catch (cause) {
    const what = `the contract's address ${address} could not be written to ${file}`;
    const reason = cause instanceof Error ? cause.message : "unknown reason";
    throw new LedgerError("unwritable", `${what}: ${reason}`, { cause });
  }
}
