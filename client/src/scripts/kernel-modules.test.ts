import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import {
  relaxedSimdModuleBase64,
  simdModuleBase64,
} from "../tfjs/kernels/generated/kernel-modules.ts";
import { kernelModules, modulesFile } from "./kernel-modules.ts";
import { sectionsOf } from "./sections.ts";

test("the compiled kernels in the repository are, byte for byte, what the compiler makes of their sources", async () => {
  expect(await readFile(modulesFile, "utf8")).toBe(await kernelModules());
});

test("the modules bring functions and nothing that would be written into the backend's memory", () => {
  for (const base64 of [simdModuleBase64, relaxedSimdModuleBase64]) {
    expect(sectionsOf(Buffer.from(base64, "base64"))).toEqual([
      "type",
      "import",
      "function",
      "export",
      "code",
    ]);
  }
});

test("a section that fills memory is found", () => {
  // (module (memory 1) (data (i32.const 0) "a"))
  const module = Buffer.from("0061736d0100000005030100010b0701004100" + "0b0161", "hex");
  expect(sectionsOf(module)).toEqual(["memory", "data"]);
});
