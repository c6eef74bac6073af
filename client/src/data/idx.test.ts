import type { IdxSchema } from "@chorus/aggregation";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ClientError } from "../error.ts";
import type { Dataset } from "./dataset.ts";
import { type Folder, folderWith, idxBytes } from "./files.test-support.ts";
import { readAll } from "./plans.test-support.ts";

const SCHEMA: IdxSchema = { format: "idx", classes: 3, scale: 255 };
const NEVER = new AbortController().signal;

/** Two images of 2 x 3 pixels. */
const IMAGES = idxBytes([2, 2, 3], [0, 51, 102, 153, 204, 255, 1, 2, 3, 4, 5, 6]);
const LABELS = idxBytes([2], [2, 0]);
const FILES = { "images.idx3-ubyte": IMAGES, "labels.idx1-ubyte": LABELS };

async function load(
  path: string,
  data: IdxSchema,
  shape: readonly number[],
  signal: AbortSignal,
): Promise<Dataset> {
  return (await readAll(path, { data, shape }, signal)).dataset;
}

async function refusal(folder: Folder, shape: readonly number[] = [2, 3]): Promise<ClientError> {
  const error: unknown = await load(folder.path, SCHEMA, shape, NEVER).catch(
    (reason: unknown) => reason,
  );
  if (error instanceof ClientError) return error;
  throw new Error("the folder was accepted", { cause: error });
}

describe("a folder of IDX files", () => {
  test("is read pixel by pixel, each divided by the scale", async () => {
    await using folder = await folderWith(FILES);
    const dataset = await load(folder.path, SCHEMA, [2, 3], NEVER);
    expect(dataset.examples).toBe(2);
    expect(dataset.features).toEqual(
      Float32Array.of(
        0,
        0.2,
        0.4,
        0.6,
        0.8,
        1,
        1 / 255,
        2 / 255,
        3 / 255,
        4 / 255,
        5 / 255,
        6 / 255,
      ),
    );
    expect(dataset.labels).toEqual(Int32Array.of(2, 0));
  });

  test("of any size gives back the bytes that were written", async () => {
    const sizes = fc.tuple(
      fc.nat(5),
      fc.integer({ min: 1, max: 4 }),
      fc.integer({ min: 1, max: 4 }),
    );
    const law = fc.asyncProperty(sizes, fc.infiniteStream(fc.nat(255)), async (shape, bytes) => {
      const pixels = [...bytes.take(shape[0] * shape[1] * shape[2])];
      const labels = [...bytes.take(shape[0])].map((byte) => byte % 3);
      await using folder = await folderWith({
        "images.idx3-ubyte": idxBytes(shape, pixels),
        "labels.idx1-ubyte": idxBytes([shape[0]], labels),
      });
      const schema = { ...SCHEMA, scale: 1 };
      const dataset = await load(folder.path, schema, [shape[1] * shape[2]], NEVER);
      expect([...dataset.features]).toEqual(pixels);
      expect([...dataset.labels]).toEqual(labels);
    });
    await fc.assert(law, { numRuns: 30 });
  });

  test("larger than a block is read to its last pixel", async () => {
    const pixels = new Uint8Array(300 * 70 * 70).map((_, index) => index % 251);
    await using folder = await folderWith({
      "images.idx3-ubyte": idxBytes([300, 70, 70], pixels),
      "labels.idx1-ubyte": idxBytes([300], new Uint8Array(300)),
    });
    const schema = { ...SCHEMA, scale: 1 };
    const dataset = await load(folder.path, schema, [70, 70, 1], NEVER);
    expect(dataset.features.findIndex((value, index) => value !== index % 251)).toBe(-1);
  });

  test("may have the names under which MNIST was published", async () => {
    await using folder = await folderWith({
      "t10k-images-idx3-ubyte": IMAGES,
      "t10k-labels-idx1-ubyte": LABELS,
    });
    expect((await load(folder.path, SCHEMA, [2, 3], NEVER)).examples).toBe(2);
  });

  test("with two files of images is ambiguous", async () => {
    await using folder = await folderWith({ ...FILES, "t10k-images-idx3-ubyte": IMAGES });
    const error = await refusal(folder);
    expect(error.code).toBe("bad-data");
    expect(error.message).toContain("has 2 files of images, wanted one");
  });

  test("without labels is refused by the name that is missing", async () => {
    await using folder = await folderWith({ "images.idx3-ubyte": IMAGES });
    const error = await refusal(folder);
    expect(error.code).toBe("bad-data");
    expect(error.message).toContain("has no files of labels, wanted one, named labels.idx1-ubyte");
  });

  test("that is not there is unreadable", async () => {
    await using folder = await folderWith({});
    const missing = load(`${folder.path}/missing`, SCHEMA, [2, 3], NEVER);
    await expect(missing).rejects.toMatchObject({ name: "ClientError", code: "unreadable" });
  });

  test("is not read once the signal is aborted", async () => {
    await using folder = await folderWith(FILES);
    const reason = new Error("the site shuts down");
    const loading = load(folder.path, SCHEMA, [2, 3], AbortSignal.abort(reason));
    await expect(loading).rejects.toBe(reason);
  });
});

describe("an IDX file is refused, with what it has and what was wanted, when", () => {
  const cases: [string, Partial<Record<keyof typeof FILES, Uint8Array>>, string][] = [
    ["it is cut short", { "images.idx3-ubyte": IMAGES.subarray(0, 27) }, "has 27 bytes, wanted 28"],
    [
      "it goes on after its end",
      { "labels.idx1-ubyte": Uint8Array.of(...LABELS, 0) },
      "has 11 bytes, wanted 10",
    ],
    [
      "it ends within its header",
      { "images.idx3-ubyte": IMAGES.subarray(0, 9) },
      "has 9 bytes, wanted at least 16",
    ],
    [
      "it has one dimension in place of three",
      { "images.idx3-ubyte": idxBytes([8], [1, 2, 3, 4, 5, 6, 7, 8]) },
      "begins with 0x00000801, wanted 0x00000803",
    ],
    [
      "it is compressed",
      { "images.idx3-ubyte": Uint8Array.of(0x1f, 0x8b, 8, 0, ...IMAGES) },
      "begins with 0x1f8b0800, wanted 0x00000803: uncompressed IDX",
    ],
    [
      "it promises more than the disk holds",
      { "images.idx3-ubyte": idxBytes([4294967295, 2, 3], []) },
      "has 16 bytes, wanted 25769803786",
    ],
    [
      "its images are of another size than the model's",
      { "images.idx3-ubyte": idxBytes([2, 3, 2], IMAGES.subarray(16)) },
      "has images of 3 x 2 pixels, the model takes [2, 3]",
    ],
    [
      "there is a label too few",
      { "labels.idx1-ubyte": idxBytes([1], [0]) },
      "has 1 labels, wanted 2",
    ],
    [
      "a label is no class of the plan's",
      { "labels.idx1-ubyte": idxBytes([2], [0, 3]) },
      "labels example 2 with 3, wanted 0 to 2",
    ],
  ];
  test.each(cases)("%s", async (_, replacement, message) => {
    await using folder = await folderWith({ ...FILES, ...replacement });
    const error = await refusal(folder);
    expect(error.code).toBe("bad-data");
    expect(error.message).toContain(message);
    expect(error.message).toContain(Object.keys(replacement)[0]);
  });
});
