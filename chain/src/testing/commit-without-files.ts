import { openSync } from "node:fs";
import { argv, stdout } from "node:process";
import { recordOf } from "./records.ts";
import { never, openTestChain, openTestLedger } from "./test-chain.ts";

/**
 * A program for tests: opens a chain in the folder that is its argument, then files until the system allows no more, then
 * commits a record, and prints what it failed with.
 */
const [, , directory = ""] = argv;
await using chain = await openTestChain(directory);
const ledger = await openTestLedger(chain);
openUntilRefused(directory);
const outcome = await ledger.commit(recordOf("a", 1), never).then(() => "committed", String);
stdout.write(outcome);

function openUntilRefused(path: string): void {
  try {
    for (;;) openSync(path, "r");
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "EMFILE")) throw error;
  }
}
