import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { moduleFile, roundLedgerModule } from "./round-ledger-module.ts";

test("the compiled contract in the repository is what the compiler makes of its source", async () => {
  expect(await readFile(moduleFile, "utf8")).toBe(await roundLedgerModule());
});
