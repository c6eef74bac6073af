import { openSync } from "node:fs";
import { argv, stdout } from "node:process";
import { openBlobStore } from "../file-blob-store.ts";
import { hashOf } from "./sample-records.ts";

/**
 * A program for tests: opens files until the system allows no more, then reads a blob of the store in the folder that is its
 * argument, whole and in part, and prints what each failed with, as JSON.
 */
const [, , directory = ""] = argv;
const name = hashOf("model");
const blobs = await openBlobStore(directory);
await blobs.put(name, new Uint8Array([1]));
openUntilRefused(directory);
const outcomes = await Promise.allSettled([blobs.get(name), blobs.read(name, 0, 1)]);
const errors = outcomes.map((outcome) => (outcome.status === "rejected" ? outcome.reason : {}));
stdout.write(JSON.stringify(errors.map(({ code, message }) => ({ code, message }))));

function openUntilRefused(path: string): void {
  try {
    for (;;) openSync(path, "r");
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "EMFILE")) throw error;
  }
}
