/** Compiles the contract into src/generated. A test compares what is there with what the compiler makes. */
import { writeFile } from "node:fs/promises";
import { moduleFile, roundLedgerModule } from "./round-ledger-module.ts";

await writeFile(moduleFile, await roundLedgerModule());
