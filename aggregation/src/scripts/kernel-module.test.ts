import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { kernelModule, moduleFile } from "./kernel-module.ts";

test("the compiled kernels in the repository are, byte for byte, what the compiler makes of their source", async () => {
  expect(await readFile(moduleFile, "utf8")).toBe(await kernelModule());
});
