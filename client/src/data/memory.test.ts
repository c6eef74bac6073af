import { spawn } from "node:child_process";
import { once } from "node:events";
import { truncate } from "node:fs/promises";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { folderWith, idxBytes } from "./files.test-support.ts";

const LOADER = fileURLToPath(new URL("../testing/data-loader.ts", import.meta.url));
const MEBIBYTE = 1024 * 1024;
const IMAGES = 12 * 1024;
const SIDE = 40;
/** Of the features: four bytes for each of a file's. */
const FEATURE_BYTES = IMAGES * SIDE * SIDE * 4;

/** Most memory that a process had which loaded the images in a folder, in bytes. */
async function peakBytes(folder: string, limitBytes: number): Promise<number> {
  const args = [LOADER, folder, `${SIDE}`, `${limitBytes}`];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  const [output, [code]] = await Promise.all([text(child.stdout), once(child, "exit")]);
  expect(code).toBe(0);
  return Number(output);
}

test("loading data beyond the limit takes no more memory than the limit and its share of labels", async () => {
  await using folder = await folderWith({
    "images.idx3-ubyte": idxBytes([IMAGES, SIDE, SIDE], []),
    "labels.idx1-ubyte": idxBytes([IMAGES], new Uint8Array(IMAGES)),
  });
  // A file with a hole: zeros that take no room and no time.
  await truncate(`${folder.path}/images.idx3-ubyte`, 16 + IMAGES * SIDE * SIDE);
  const all = await peakBytes(folder.path, Number.POSITIVE_INFINITY);
  const some = await peakBytes(folder.path, 8 * MEBIBYTE);
  // 75 MiB of features are in memory in the one process, at most 8 in the other; half of the difference is left to chance.
  expect(all - some).toBeGreaterThan((FEATURE_BYTES - 8 * MEBIBYTE) / 2);
});
