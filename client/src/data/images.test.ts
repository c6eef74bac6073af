import { truncate } from "node:fs/promises";
import type { ImagesSchema } from "@chorus/aggregation";
import fc from "fast-check";
import sharp, { type Sharp } from "sharp";
import { describe, expect, test } from "vitest";
import { ClientError } from "../error.ts";
import { folderWith } from "./files.test-support.ts";
import { loadDataset } from "./load.ts";
import { planFor, readAll } from "./plans.test-support.ts";
import type { Progress } from "./reader-tools.ts";

const SCHEMA: ImagesSchema = {
  format: "images",
  classes: ["cat", "dog"],
  height: 2,
  width: 3,
  channels: 3,
  scale: 255,
  resize: "refuse",
};
const GREY: ImagesSchema = { ...SCHEMA, channels: 1 };
const NEVER = new AbortController().signal;

interface Raw {
  readonly height: number;
  readonly width: number;
  readonly channels: 1 | 2 | 3 | 4;
}

function image(pixels: ArrayLike<number>, raw: Raw = SCHEMA): Sharp {
  const { height, width, channels } = raw;
  return sharp(Uint8Array.from(pixels), { raw: { height, width, channels } });
}

function plain(value: number, raw: Raw = SCHEMA): Promise<Buffer> {
  const pixels = new Uint8Array(raw.height * raw.width * raw.channels).fill(value);
  return image(pixels, raw).png().toBuffer();
}

async function load(files: Readonly<Record<string, string | Uint8Array>>, data = SCHEMA) {
  await using folder = await folderWith(files);
  const shape = [data.height, data.width, data.channels];
  return (await readAll(folder.path, { data, shape }, NEVER)).dataset;
}

async function refusal(
  files: Readonly<Record<string, string | Uint8Array>>,
  data = SCHEMA,
): Promise<string> {
  const error: unknown = await load(files, data).catch((reason: unknown) => reason);
  if (error instanceof ClientError && error.code === "bad-data") return error.message;
  throw new Error("the folder was accepted", { cause: error });
}

describe("a folder of images", () => {
  test("gives the values of PNG files back, each divided by the scale", async () => {
    const law = fc.asyncProperty(
      fc.constantFrom(SCHEMA, GREY),
      fc.infiniteStream(fc.nat(255)),
      async (schema, bytes) => {
        const count = 6 * schema.channels;
        const [one, other] = [[...bytes.take(count)], [...bytes.take(count)]];
        const { features, labels } = await load(
          {
            "cat/1.png": await image(one, schema).png().toBuffer(),
            "dog/1.png": await image(other, schema).png().toBuffer(),
          },
          schema,
        );
        expect(features).toEqual(Float32Array.from([...one, ...other], (value) => value / 255));
        expect(labels).toEqual(Int32Array.of(0, 1));
      },
    );
    await fc.assert(law, { numRuns: 15 });
  });

  test("is read by class and then by name, whatever the case of extensions, without hidden files", async () => {
    const { features, labels } = await load(
      {
        "dog/2.PNG": await plain(40),
        "dog/10.png": await plain(30),
        "cat/b.png": await plain(20),
        "cat/a.png": await plain(10),
        "cat/.DS_Store": "x",
        ".hidden": "x",
      },
      { ...SCHEMA, scale: 10 },
    );
    expect([...features.filter((_, index) => index % 18 === 0)]).toEqual([1, 2, 3, 4]);
    expect([...labels]).toEqual([0, 0, 1, 1]);
  });

  test("of more files than are decoded at a time keeps their order", async () => {
    const names = Array.from(
      { length: 20 },
      (_, index) => `cat/${String(index).padStart(2, "0")}.png`,
    );
    const files = await Promise.all(names.map(async (name, index) => [name, await plain(index)]));
    const { features } = await load(
      { ...Object.fromEntries(files), "dog/1.png": await plain(99) },
      { ...SCHEMA, scale: 1 },
    );
    const firsts = [...features.filter((_, index) => index % 18 === 0)];
    expect(firsts).toEqual([...names.keys(), 99]);
  });

  test("gives JPEG files within what JPEG loses", async () => {
    const ramp = Array.from({ length: 16 * 16 }, (_, index) => 8 * (index % 16) + 4 * (index >> 4));
    const raw: Raw = { height: 16, width: 16, channels: 1 };
    const jpeg = await image(ramp, raw).jpeg({ quality: 95 }).toBuffer();
    const schema: ImagesSchema = { ...GREY, height: 16, width: 16, scale: 1 };
    const { features } = await load({ "cat/1.jpg": jpeg, "dog/1.JPEG": jpeg }, schema);
    // At quality 95 the coarsest quantiser is 12 of 255, its error half of that; a ramp is nearly all low frequencies.
    const worst = Math.max(...ramp.map((value, index) => Math.abs(value - (features[index] ?? 0))));
    expect(worst).toBeLessThanOrEqual(6);
  });

  test("turns images as their EXIF data say", async () => {
    const upright = [10, 20, 30, 40, 50, 60];
    // Orientation 6: the first row is the visual right-hand side (Exif 2.32, 4.6.4).
    const lying = await image(upright, { height: 3, width: 2, channels: 1 })
      .withMetadata({ orientation: 6 })
      .png()
      .toBuffer();
    const { features } = await load(
      { "cat/1.png": lying, "dog/1.png": lying },
      { ...GREY, scale: 10 },
    );
    expect([...features.subarray(0, 6)]).toEqual([5, 3, 1, 6, 4, 2]);
  });

  test("has transparency on black, grey from colour and colour from grey", async () => {
    const half = await image(new Array(6).fill([200, 100, 50, 128]).flat(), {
      ...SCHEMA,
      channels: 4,
    })
      .png()
      .toBuffer();
    const colour = await load(
      { "cat/1.png": half, "dog/1.png": await plain(7, GREY) },
      { ...SCHEMA, scale: 1 },
    );
    const seen = [...colour.features.subarray(0, 3)];
    for (const [index, value] of [100.4, 50.2, 25.1].entries())
      expect(Math.abs((seen[index] ?? 0) - value)).toBeLessThanOrEqual(1);
    expect([...colour.features.subarray(18, 21)]).toEqual([7, 7, 7]);
    const red = await image(new Array(6).fill([255, 0, 0]).flat())
      .png()
      .toBuffer();
    const grey = await load({ "cat/1.png": red, "dog/1.png": red }, { ...GREY, scale: 1 });
    expect(new Set(grey.features).size).toBe(1);
    expect(grey.features[0]).toBeGreaterThan(40);
    expect(grey.features[0]).toBeLessThan(140);
  });

  test("has images of another size brought to the plan's where that says so", async () => {
    const large = await plain(50, { height: 8, width: 30, channels: 3 });
    const { features } = await load(
      { "cat/1.png": large, "dog/1.png": await plain(50) },
      { ...SCHEMA, scale: 50, resize: "fill" },
    );
    expect([...features]).toEqual(new Array(36).fill(1));
  });
});

describe("a folder of images is refused", () => {
  const good = { "cat/1.png": plain(1), "dog/1.png": plain(2) };
  const cases: [string, Record<string, Promise<Buffer> | string>, string][] = [
    [
      "for an image of another size",
      { "cat/2.png": plain(1, { height: 3, width: 2, channels: 3 }) },
      "cat/2.png: got 3 x 2 pixels, wanted 2 x 3 (height x width)",
    ],
    [
      "for a file that is no image",
      { "dog/notes.txt": "x" },
      "dog/notes.txt is no image, wanted .png, .jpg, .jpeg files",
    ],
    [
      "for a folder that is no class",
      { "bird/1.png": plain(1) },
      "bird is no class, wanted one folder for each class: cat, dog",
    ],
    ["for a file beside the classes", { "1.png": plain(1) }, "1.png is no class"],
    [
      "for another format under an image's name",
      { "cat/2.png": '<svg xmlns="http://www.w3.org/2000/svg"/>' },
      "cat/2.png: got another content, wanted a PNG or JPEG image",
    ],
    ["for an empty file", { "cat/2.png": "" }, "cat/2.png: got another content"],
    [
      "for a damaged file",
      { "cat/2.png": plain(1).then((png) => png.subarray(0, 50)) },
      "cat/2.png: got an image that cannot be decoded",
    ],
  ];
  test.each(cases)("%s, by its name", async (_, more, message) => {
    const files = Object.entries({ ...good, ...more }).map(async ([name, content]) => [
      name,
      await content,
    ]);
    expect(await refusal(Object.fromEntries(await Promise.all(files)))).toContain(message);
  });

  test("for a class without a folder or without images", async () => {
    expect(await refusal({ "cat/1.png": await plain(1), dog: "x" })).toContain(
      "dog is a file, wanted a folder with the images of that class",
    );
    expect(await refusal({ "cat/1.png": await plain(1) })).toContain(
      "dog is not there, wanted one folder",
    );
    expect(await refusal({ "cat/1.png": await plain(1), "dog/.keep": "" })).toContain(
      "dog is empty, wanted a class with one image or more",
    );
  });

  test("for a file that is cut in its pixels, which would be grey below the cut", async () => {
    const raw: Raw = { height: 64, width: 64, channels: 3 };
    const pixels = Array.from({ length: 64 * 64 * 3 }, (_, index) => (index * index * 37) % 256);
    const jpeg = await image(pixels, raw).jpeg().toBuffer();
    const files = { "cat/1.jpg": jpeg, "dog/1.jpg": jpeg.subarray(0, jpeg.length / 2) };
    expect(await refusal(files, { ...SCHEMA, height: 64, width: 64 })).toContain(
      "dog/1.jpg: got an image that cannot be decoded",
    );
  });

  test("for a small file that would decode to more than 50 million pixels, from its header", async () => {
    // PNG 11.2.2: width and height are the first eight bytes of IHDR, whose CRC-32 comes after it.
    const bomb = Buffer.from(await plain(1));
    bomb.writeUInt32BE(8_000, 16);
    bomb.writeUInt32BE(8_000, 20);
    const { crc32 } = await import("node:zlib");
    bomb.writeUInt32BE(crc32(bomb.subarray(12, 29)), 29);
    const message = await refusal({ "cat/1.png": bomb, "dog/1.png": await plain(1) });
    expect(message).toMatch(/cat\/1\.png: got an image that cannot be decoded \(.*pixel limit/);
  });
});

test("an image file of more than 256 MiB is refused unread", async () => {
  await using folder = await folderWith({ "cat/1.png": "", "dog/1.png": await plain(1) });
  await truncate(`${folder.path}/cat/1.png`, 256 * 1024 * 1024 + 1);
  const reading = readAll(folder.path, { data: SCHEMA, shape: [2, 3, 3] }, NEVER);
  await expect(reading).rejects.toThrow("cat/1.png: got 268435457 bytes, wanted at most 268435456");
});

test("the reading of images tells how far it is, now and then and at its end", async () => {
  const png = await plain(1);
  const names = Array.from({ length: 401 }, (_, index) => `cat/${index}.png`);
  await using folder = await folderWith({
    ...Object.fromEntries(names.map((name) => [name, png])),
    "dog/1.png": png,
  });
  const told: [number, number | undefined][] = [];
  const progress: Progress = (examples, all) => told.push([examples, all]);
  await loadDataset(folder.path, planFor(SCHEMA, [2, 3, 3]), { progress }, NEVER);
  // Twice on the way, or a group later, and at the end, which may be one of the two.
  expect([2, 3]).toContain(told.length);
  expect(told.at(-1)).toEqual([402, 402]);
});

test("a folder of images that is not there is unreadable, and an aborted signal ends the reading", async () => {
  await using folder = await folderWith({
    "cat/1.png": await plain(1),
    "dog/1.png": await plain(1),
  });
  const source = { data: SCHEMA, shape: [2, 3, 3] };
  const missing = readAll(`${folder.path}/missing`, source, NEVER);
  await expect(missing).rejects.toMatchObject({ code: "unreadable" });
  const reason = new Error("the site shuts down");
  await expect(readAll(folder.path, source, AbortSignal.abort(reason))).rejects.toBe(reason);
});
