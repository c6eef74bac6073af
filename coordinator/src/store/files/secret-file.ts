import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import type { RandomSource } from "@chorus/aggregation";
import { StoreError } from "../store.ts";
import { writeDurably } from "./durable-files.ts";
import { isMissing } from "./file-errors.ts";

const secretBytes = 32;

/**
 * Reads a secret from a file, making both at first: 32 random bytes in base64url and a line feed, mode 0600.
 * Throws {@link StoreError} `damaged` for a file that holds anything else.
 */
export async function openSecret(path: string, random: RandomSource): Promise<string> {
  const known = await read(path);
  if (known !== undefined) return known;
  const bytes = new Uint8Array(secretBytes);
  random.fill(bytes);
  const secret = Buffer.from(bytes).toString("base64url");
  await writeDurably(path, Buffer.from(`${secret}\n`), 0o600);
  return secret;
}

async function read(path: string): Promise<string | undefined> {
  const text = await readFile(path, "utf8").catch((error: unknown) => {
    if (isMissing(error)) return undefined;
    throw error;
  });
  const secret = text?.trim();
  if (secret === undefined || /^[A-Za-z0-9_-]{43}$/.test(secret)) return secret;
  throw new StoreError(
    "damaged",
    `${basename(path)} has ${secret.length} characters, wanted 43 of base64url: restore it, or remove it to get a new one (${path})`,
  );
}
