import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { compiledModules, textOfModule } from "./compiled-module.ts";

test.each(compiledModules)(
  "$source: what the repository keeps is, byte for byte, what the compiler makes of it",
  async (module) => {
    expect(await readFile(module.file, "utf8")).toBe(await textOfModule(module));
  },
);
