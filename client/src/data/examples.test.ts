import { readdir, readlink, stat } from "node:fs/promises";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Batches } from "./batches.ts";
import type { Dataset } from "./dataset.ts";
import { ExampleWriter } from "./example-writer.ts";
import { selectExamples } from "./examples.test-support.ts";
import { batchesInOrder, ChosenExamples, type Examples } from "./examples.ts";
import { folderWith } from "./files.test-support.ts";
import { splitHoldOut } from "./hold-out.ts";
import { everything } from "./plans.test-support.ts";
import { Spool, SpooledExamples, sweepSpools } from "./spool.ts";

const MEBIBYTE = 1024 * 1024;

/** Example i has features that begin with i + 0.5, and the label i % 7. */
async function written(
  examples: number,
  width: number,
  storage: { readonly limitBytes: number; readonly directory: string },
): Promise<Examples> {
  using writer = new ExampleWriter([width], storage);
  const row = new Float32Array(width);
  for (let index = 0; index < examples; index++) {
    row.fill(-index).fill(index + 0.5, 0, 1);
    await writer.append(row, index % 7);
  }
  return await writer.finish();
}

const inMemory = { limitBytes: Number.POSITIVE_INFINITY, directory: "" };

describe("examples that are spooled", () => {
  test("give batches, hold-out and evaluation the same bytes as examples in memory", async () => {
    await using folder = await folderWith({});
    const sizes = fc.record({
      examples: fc.integer({ min: 4, max: 40 }),
      width: fc.constantFrom(1, 3, 1000),
      limitRows: fc.nat(50),
    });
    const law = fc.asyncProperty(sizes, fc.string(), async (size, seed) => {
      const { examples, width, limitRows } = size;
      const limitBytes = limitRows * width * 4;
      using memory = await written(examples, width, inMemory);
      using spooled = await written(examples, width, { limitBytes, directory: folder.path });
      expect(spooled instanceof SpooledExamples).toBe(limitRows < examples);
      expect(bytesOf(spooled, seed).equals(bytesOf(memory, seed))).toBe(true);
    });
    await fc.assert(law, { numRuns: 40 });
  });

  test.each([
    [100_000, "two of which fit into a block"],
    [300_000, "which are larger than a block"],
  ])("of %i numbers, %s, are those that were written", async (width) => {
    await using folder = await folderWith({});
    using memory = await written(5, width, inMemory);
    for (const limitBytes of [0, 12 * width]) {
      using spooled = await written(5, width, { limitBytes, directory: folder.path });
      expect(bytesOf(spooled, "seed").equals(bytesOf(memory, "seed"))).toBe(true);
    }
  });

  test("are in a file without a name, so nothing is left of them however the process ends", async () => {
    await using folder = await folderWith({});
    using examples = await written(3, 2, { limitBytes: 0, directory: folder.path });
    expect(examples).toBeInstanceOf(SpooledExamples);
    expect(await readdir(folder.path)).toEqual([]);
  });

  test.skipIf(process.platform !== "linux")("are for their owner's eyes only", async () => {
    await using folder = await folderWith({});
    using _spool = Spool.open(folder.path);
    const files = (await readdir("/proc/self/fd")).map(async (name) => {
      const path = `/proc/self/fd/${name}`;
      const target = await readlink(path).catch(() => "");
      return target.startsWith(folder.path) ? [(await stat(path)).mode & 0o777] : [];
    });
    expect((await Promise.all(files)).flat()).toEqual([0o600]);
  });

  test("of 3 MiB are read rightly from their first to their last block", async () => {
    await using folder = await folderWith({});
    using examples = await written(777, 1024, { limitBytes: MEBIBYTE, directory: folder.path });
    const indices = Uint32Array.of(776, 0, 255, 256, 257, 511, 512);
    const { features, labels } = selectExamples(examples, indices);
    expect(features.filter((_, index) => index % 1024 === 0)).toEqual(
      Float32Array.from(indices, (index) => index + 0.5),
    );
    expect(labels).toEqual(Int32Array.from(indices, (index) => index % 7));
  });

  test("without a folder to put them into are refused with its name", async () => {
    await using folder = await folderWith({});
    const directory = `${folder.path}/missing`;
    await expect(written(2, 2, { limitBytes: 0, directory })).rejects.toMatchObject({
      name: "ClientError",
      code: "unwritable",
      message: expect.stringContaining(`cannot spool examples to ${directory}: ENOENT`),
    });
  });

  test("that end before they should are refused, not read as zeros", async () => {
    await using folder = await folderWith({});
    using spool = Spool.open(folder.path);
    await spool.append(Float32Array.of(1, 2));
    const target = new Float32Array(2);
    spool.read(0, target);
    expect(target).toEqual(Float32Array.of(1, 2));
    expect(() => spool.read(1, target)).toThrow(/cannot read spooled examples.*cut short/);
  });
});

/** Everything that training and evaluation get to see of examples. */
function bytesOf(source: Examples, seed: string): Buffer {
  const { training, holdOut } = splitHoldOut(source, 0.5, seed);
  const batches = new Batches(training, 3, seed);
  const seen: Uint8Array[] = [];
  const see = ({ features, labels }: Dataset): void => {
    for (const { buffer, byteOffset, byteLength } of [features, labels])
      seen.push(new Uint8Array(buffer.slice(byteOffset, byteOffset + byteLength)));
  };
  see(everything(source));
  for (let batch = 0; batch < 4; batch++) see(batches.next());
  for (const batch of batchesInOrder(holdOut, 3)) see(batch);
  return Buffer.concat(seen);
}

describe("every way of keeping examples", () => {
  test("refuses the index after its last example", async () => {
    await using folder = await folderWith({});
    using memory = await written(4, 2, inMemory);
    using spooled = await written(4, 2, { limitBytes: 0, directory: folder.path });
    const chosen = new ChosenExamples(memory, Uint32Array.of(3, 1));
    for (const source of [memory, spooled, chosen]) {
      const { examples } = source;
      expect(() => selectExamples(source, Uint32Array.of(examples - 1))).not.toThrow();
      expect(() => selectExamples(source, Uint32Array.of(examples))).toThrow(
        new RangeError(`example ${examples}, wanted one below ${examples}`),
      );
    }
  });

  test("hands all examples out in order, the last batch with what is left", async () => {
    using memory = await written(8, 2, inMemory);
    const labels = [...batchesInOrder(memory, 3)].map((batch) => batch.labels.length);
    expect(labels).toEqual([3, 3, 2]);
    const seen: number[] = [];
    for (const batch of batchesInOrder(memory, 3)) seen.push(...batch.labels);
    expect(seen).toEqual([0, 1, 2, 3, 4, 5, 6, 0]);
  });

  test("hands large examples out in smaller batches", async () => {
    using memory = await written(1, 8 * MEBIBYTE, inMemory);
    const often = new ChosenExamples(memory, new Uint32Array(5));
    expect([...batchesInOrder(often, 1024)].map(({ examples }) => examples)).toEqual([2, 2, 1]);
  });
});

test("spools that a crash left with their names are swept away, and nothing else is", async () => {
  await using folder = await folderWith({ "1.examples-spool": "x", identity: "y" });
  await sweepSpools(folder.path);
  expect(await readdir(folder.path)).toEqual(["identity"]);
  await expect(stat(`${folder.path}/1.examples-spool`)).rejects.toThrow("ENOENT");
  await sweepSpools(`${folder.path}/missing`);
});
