import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type { IdxSchema } from "@chorus/aggregation";
import { ClientError } from "../error.ts";
import { type Dataset, emptyDataset, featureCount } from "./dataset.ts";
import { IdxFile } from "./idx-file.ts";
import { unreadable } from "./unreadable.ts";

/**
 * Reads a folder with one IDX file of images and one of labels, named `images.idx3-ubyte` and `labels.idx1-ubyte` or,
 * as MNIST was published, `*-images-idx3-ubyte` and `*-labels-idx1-ubyte`. Images of another size than `featureShape`
 * are refused before memory is taken. Throws {@link ClientError}: `unreadable` where the system refuses, `bad-data` for
 * missing, ambiguous, truncated or mismatched files and for a label that is no class; messages name the file.
 */
export async function loadIdx(
  folder: string,
  schema: IdxSchema,
  featureShape: readonly number[],
  signal: AbortSignal,
): Promise<Dataset> {
  const names = await readdir(folder).catch((cause: unknown) => {
    throw unreadable(folder, cause);
  });
  await using images = await IdxFile.open(join(folder, findFile(folder, names, "images", 3)), 3);
  await using labels = await IdxFile.open(join(folder, findFile(folder, names, "labels", 1)), 1);
  checkImages(images, featureShape);
  if (labels.examples !== images.examples) {
    throw new ClientError(
      "bad-data",
      `${labels.path} has ${labels.examples} labels, wanted ${images.examples}: one for each image`,
    );
  }
  const dataset = emptyDataset(images.examples, featureShape);
  await readPixels(images, dataset.features, schema.scale, signal);
  await readLabels(labels, dataset.labels, schema.classes, signal);
  return dataset;
}

function findFile(
  folder: string,
  names: readonly string[],
  content: "images" | "labels",
  dimensions: number,
): string {
  const pattern = new RegExp(`(^|[-.])${content}[-.]idx${dimensions}-ubyte$`);
  const [name, ...others] = names.filter((candidate) => pattern.test(candidate));
  if (name !== undefined && others.length === 0) return name;
  throw new ClientError(
    "bad-data",
    `${folder} has ${name === undefined ? "no" : others.length + 1} files of ${content}, wanted one, named ` +
      `${content}.idx${dimensions}-ubyte or *-${content}-idx${dimensions}-ubyte`,
  );
}

/** Images fit a first layer of their height and width, with or without one channel, or of all their pixels in a row. */
function checkImages(images: IdxFile, featureShape: readonly number[]): void {
  const [, height = 0, width = 0] = images.shape;
  const fitting = [[height, width], [height, width, 1], [height * width]];
  if (fitting.some((shape) => shape.join() === featureShape.join())) return;
  throw new ClientError(
    "bad-data",
    `${images.path} has images of ${height} x ${width} pixels, the model takes ` +
      `[${featureShape.join(", ")}]: ${featureCount(featureShape)} numbers`,
  );
}

async function readPixels(
  images: IdxFile,
  features: Float32Array,
  scale: number,
  signal: AbortSignal,
): Promise<void> {
  let next = 0;
  for await (const block of images.blocks(signal)) {
    for (const pixel of block) features[next++] = pixel / scale;
  }
}

async function readLabels(
  file: IdxFile,
  labels: Int32Array,
  classes: number,
  signal: AbortSignal,
): Promise<void> {
  let next = 0;
  for await (const block of file.blocks(signal)) {
    const bad = block.findIndex((label) => label >= classes);
    if (bad >= 0) {
      throw new ClientError(
        "bad-data",
        `${file.path} labels example ${next + bad + 1} with ${block[bad]}, wanted 0 to ${classes - 1}`,
      );
    }
    labels.set(block, next);
    next += block.length;
  }
}
