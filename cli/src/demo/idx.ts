import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { CliError } from "../cli-error.ts";

/** Grey images and what they show. */
export interface LabelledImages {
  readonly rows: number;
  readonly columns: number;
  /** Image after image, row after row, 0..255. Shape `[examples, rows, columns]`. */
  readonly pixels: Uint8Array;
  /** Shape `[examples]`. */
  readonly labels: Uint8Array;
}

const imagesMagic = 0x0803;
const labelsMagic = 0x0801;
const imagesHeaderBytes = 16;
const labelsHeaderBytes = 8;

/**
 * Reads a pair of IDX files. Throws {@link CliError} `bad-data` naming the file that is missing, of another kind, cut
 * short, or has another number of examples. Source of the format: LeCun, Cortes, Burges, "The MNIST database".
 */
export async function readIdxPair(imagesPath: string, labelsPath: string): Promise<LabelledImages> {
  const images = await readIdx(imagesPath, imagesMagic, imagesHeaderBytes);
  const labels = await readIdx(labelsPath, labelsMagic, labelsHeaderBytes);
  const [examples, rows, columns] = [4, 8, 12].map((offset) => images.readUInt32BE(offset)) as [
    number,
    number,
    number,
  ];
  checkLength(imagesPath, images, imagesHeaderBytes + examples * rows * columns);
  checkLength(labelsPath, labels, labelsHeaderBytes + examples);
  return {
    rows,
    columns,
    pixels: images.subarray(imagesHeaderBytes),
    labels: labels.subarray(labelsHeaderBytes),
  };
}

/**
 * Writes some of the images, in the order of `indices`, as `images.idx3-ubyte` and `labels.idx1-ubyte` into a folder that
 * exists. An index that is out of range is a RangeError.
 */
export async function writeIdxPair(
  folder: string,
  { rows, columns, pixels, labels }: LabelledImages,
  indices: Uint32Array,
): Promise<void> {
  const size = rows * columns;
  const images = Buffer.alloc(imagesHeaderBytes + indices.length * size);
  for (const [position, word] of [imagesMagic, indices.length, rows, columns].entries()) {
    images.writeUInt32BE(word, 4 * position);
  }
  const classes = Buffer.alloc(labelsHeaderBytes + indices.length);
  classes.writeUInt32BE(labelsMagic, 0);
  classes.writeUInt32BE(indices.length, 4);
  for (const [row, index] of indices.entries()) {
    const label = labels[index];
    if (label === undefined) throw new RangeError(`index ${index}, wanted 0..${labels.length - 1}`);
    images.set(pixels.subarray(index * size, (index + 1) * size), imagesHeaderBytes + row * size);
    classes[labelsHeaderBytes + row] = label;
  }
  await writeFile(join(folder, "images.idx3-ubyte"), images);
  await writeFile(join(folder, "labels.idx1-ubyte"), classes);
}

async function readIdx(path: string, magic: number, headerBytes: number): Promise<Buffer> {
  const bytes = await readFile(path).catch((cause: unknown) => {
    throw new CliError("bad-data", `cannot read ${path}`, "Install again with `npm ci`.", {
      cause,
    });
  });
  if (bytes.length < headerBytes || bytes.readUInt32BE(0) !== magic)
    throw damaged(path, `begins with other bytes than 0x${magic.toString(16).padStart(8, "0")}`);
  return bytes;
}

function checkLength(path: string, bytes: Buffer, wanted: number): void {
  if (bytes.length !== wanted) throw damaged(path, `has ${bytes.length} bytes, wanted ${wanted}`);
}

function damaged(path: string, what: string): CliError {
  return new CliError("bad-data", `${path} ${what}`, "Install again with `npm ci`.");
}
