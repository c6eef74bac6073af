import { execFileSync } from "node:child_process";
import type { DataSchema } from "@chorus/aggregation";
import { expect, test } from "vitest";
import { folderWith, idxBytes } from "./files.test-support.ts";
import { readAll } from "./plans.test-support.ts";

const NEVER = new AbortController().signal;
const COLUMNS = {
  features: [{ column: "age", kind: "number", mean: 0, scale: 1 }],
  label: { column: "ill", kind: "binary", positiveAbove: 0 },
  missing: "refuse",
} as const;
const IMAGES: DataSchema = {
  format: "images",
  classes: ["cat", "dog"],
  height: 1,
  width: 1,
  channels: 1,
  scale: 255,
  resize: "refuse",
};
const IDX: DataSchema = { format: "idx", classes: 2, scale: 255 };

interface Place {
  readonly data: DataSchema;
  readonly shape: readonly number[];
  /** The pipe, in the folder. */
  readonly pipe: string;
  /** What is read, in the folder. */
  readonly path: string;
}

const places: readonly [string, Place][] = [
  ["a CSV file", { data: { format: "csv", ...COLUMNS }, shape: [1], pipe: "a", path: "a" }],
  ["an NDJSON file", { data: { format: "ndjson", ...COLUMNS }, shape: [1], pipe: "a", path: "a" }],
  ["an image", { data: IMAGES, shape: [1, 1, 1], pipe: "cat/1.png", path: "" }],
  ["an IDX file", { data: IDX, shape: [1, 1], pipe: "images.idx3-ubyte", path: "" }],
];

test.skipIf(process.platform === "win32").each(places)(
  "a pipe in the place of %s is refused, and nobody waits for its other end",
  async (_, { data, shape, pipe, path }) => {
    await using folder = await folderWith({
      ...(data.format === "images" ? { "cat/.keep": "", "dog/1.png": "x" } : {}),
      ...(data.format === "idx" ? { "labels.idx1-ubyte": idxBytes([1], [0]) } : {}),
    });
    execFileSync("mkfifo", [`${folder.path}/${pipe}`]);
    const reading = readAll(`${folder.path}/${path}`, { data, shape }, NEVER);
    await expect(reading).rejects.toMatchObject({
      code: "unreadable",
      message: expect.stringContaining(`${pipe} is a pipe, wanted a regular file`),
    });
  },
);

test.skipIf(process.platform === "win32")("a device and a folder are no tables", async () => {
  const source = { data: { format: "csv", ...COLUMNS } as const, shape: [1] };
  await using folder = await folderWith({});
  await expect(readAll("/dev/zero", source, NEVER)).rejects.toMatchObject({
    message: "/dev/zero is a device, wanted a regular file",
  });
  await expect(readAll(folder.path, source, NEVER)).rejects.toMatchObject({
    message: `${folder.path} is a folder, wanted a regular file`,
  });
});
