import { mkdtemp, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type LabelledImages, readIdxPair, writeIdxPair } from "./idx.ts";

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "chorus-idx-"));
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

const images: LabelledImages = {
  rows: 2,
  columns: 3,
  pixels: Uint8Array.from({ length: 24 }, (_, index) => index * 10),
  labels: Uint8Array.of(7, 8, 9, 3),
};
const paths = (): [string, string] => [
  join(folder, "images.idx3-ubyte"),
  join(folder, "labels.idx1-ubyte"),
];

test("what was written is read back, in the order of the indices", async () => {
  await writeIdxPair(folder, images, Uint32Array.of(2, 0));
  const read = await readIdxPair(...paths());
  expect(read).toMatchObject({ rows: 2, columns: 3 });
  expect([...read.labels]).toEqual([9, 7]);
  expect([...read.pixels]).toEqual([
    ...images.pixels.subarray(12, 18),
    ...images.pixels.subarray(0, 6),
  ]);
});

test("an index that no image has is refused", async () => {
  await expect(writeIdxPair(folder, images, Uint32Array.of(4))).rejects.toThrow(
    "index 4, wanted 0..3",
  );
});

test("a file that is cut short or of another kind is refused by name", async () => {
  await writeIdxPair(folder, images, Uint32Array.of(0, 1));
  const [imagesPath, labelsPath] = paths();
  await truncate(labelsPath, 9);
  await expect(readIdxPair(imagesPath, labelsPath)).rejects.toThrow(
    `${labelsPath} has 9 bytes, wanted 10`,
  );
  await writeFile(imagesPath, "not images at all");
  await expect(readIdxPair(imagesPath, labelsPath)).rejects.toThrow(`${imagesPath} begins with`);
});
