import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { RunFolder } from "./run-folder.ts";

let parent = "";
beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), "chorus-folder-"));
});
afterEach(async () => {
  await rm(parent, { recursive: true });
});

test("a folder that is not kept is gone with everything in it", async () => {
  {
    await using folder = await RunFolder.create(parent, 0);
    await writeFile(join(await folder.folder("a", "b"), "file"), "text");
    expect(await readdir(parent)).toEqual(["1970-01-01T00-00-00"]);
  }
  expect(await readdir(parent)).toEqual([]);
});

test("a folder that is kept stays, with what was written whole and nothing half-written", async () => {
  {
    await using folder = await RunFolder.create(parent, 0);
    await folder.folder("participants", "alice");
    await folder.write("report.html", "<p>");
    await folder.remove("participants");
    folder.keep();
  }
  const [name] = await readdir(parent);
  expect(await readdir(join(parent, name ?? ""))).toEqual(["report.html"]);
  expect(await readFile(join(parent, name ?? "", "report.html"), "utf8")).toBe("<p>");
});

test("two demos that begin in the same second have folders of their own", async () => {
  await using first = await RunFolder.create(parent, 0);
  await using second = await RunFolder.create(parent, 0);
  expect(second.path).toBe(`${first.path}-2`);
});
