import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { requireWritableFolder } from "./writable-folder.ts";

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "chorus-folder-"));
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

test("what is missing is made, the topmost is told, and nothing else is left", async () => {
  const path = join(folder, "a", "b", "c");
  expect(await requireWritableFolder("--data-dir", path)).toBe(join(folder, "a"));
  expect(await readdir(folder, { recursive: true })).toEqual(["a", "a/b", "a/b/c"]);
  expect(await requireWritableFolder("--data-dir", path)).toBeUndefined();
});

test("of several that make a folder at once, each finds it made", async () => {
  const path = join(folder, "a", "b");
  const makings = Array.from({ length: 8 }, () => requireWritableFolder("--data-dir", path));
  await Promise.all(makings);
  expect(await readdir(path)).toEqual([]);
});

test
  .skipIf(process.platform !== "linux")
  .each(["/proc/x", "/proc/x/y/z", "/proc", "/proc/self", "/proc/self/x", "/sys/x/y"])(
  "%s, where no folder can be made, is refused at once by option and path",
  async (path) => {
    await expect(requireWritableFolder("--state-dir", path)).rejects.toMatchObject({
      code: "wrong-usage",
      message: expect.stringContaining(`--state-dir: cannot write in ${path}: `),
      hint: expect.stringContaining("--state-dir"),
    });
  },
);

test("a file, and a folder below a file, are refused", async () => {
  const file = join(folder, "file");
  await writeFile(file, "");
  for (const path of [file, join(file, "data")])
    await expect(requireWritableFolder("--runs-dir", path)).rejects.toThrow("ENOTDIR");
});
