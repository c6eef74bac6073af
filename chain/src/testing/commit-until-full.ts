/**
 * Commits round after round as a coordinator does, until 60 are committed or the disk has taken no more for the fourth time.
 * Writes each round's number and entry to stdout once its commit has returned, and "failed" with the error when it has not:
 * then waits for a line on stdin before it tries again. Argument: a folder.
 */
import { readSync, writeSync } from "node:fs";
import { ChainAccess } from "../chain-access.ts";
import { LedgerError } from "../ledger.ts";
import { chainPathsIn } from "./chain-paths.ts";
import { recordOf } from "./records.ts";
import { never } from "./test-chain.ts";

const [directory] = process.argv.slice(2);
if (directory === undefined) throw new Error("wanted a folder");
const now = () => 1_750_000_000_000;
await using access = await ChainAccess.open({ kind: "embedded" }, chainPathsIn(directory), now);
let failures = 0;
for (let round = 1; failures < 4 && round <= 60; ) {
  try {
    const ledger = await access.ledger(never);
    const { entry } = await ledger.commit(recordOf("a", round), never);
    writeSync(1, `${round} ${entry}\n`);
    round += 1;
  } catch (error) {
    if (!(error instanceof LedgerError)) throw error;
    failures += 1;
    writeSync(1, `failed ${error.code}: ${error.message}\n`);
    readSync(0, Buffer.alloc(1));
  }
}
