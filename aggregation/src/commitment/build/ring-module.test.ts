import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { moduleFile, ringModule } from "./ring-module.ts";

test("the compiled ring in the repository is, byte for byte, what the compiler makes of its source", async () => {
  expect(await readFile(moduleFile, "utf8")).toBe(await ringModule());
});
