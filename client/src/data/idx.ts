import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type { IdxSchema } from "@chorus/aggregation";
import { ClientError } from "../error.ts";
import { featureCount } from "./dataset.ts";
import { IdxFile } from "./idx-file.ts";
import type { ReaderTools } from "./reader-tools.ts";
import type { Report } from "./report.ts";
import { unreadable } from "./unreadable.ts";

/**
 * Reads a folder with one IDX file of images and one of labels, named `images.idx3-ubyte` and `labels.idx1-ubyte` or,
 * as MNIST was published, `*-images-idx3-ubyte` and `*-labels-idx1-ubyte`. Images of another size than `featureShape`
 * are refused before memory is taken; a label that is no class is reported. Throws {@link ClientError}: `unreadable` where
 * the system refuses, `bad-data` for missing, ambiguous, truncated or mismatched files; messages name the file.
 */
export async function readIdx(
  folder: string,
  {
    schema,
    featureShape,
  }: { readonly schema: IdxSchema; readonly featureShape: readonly number[] },
  { sink, report }: ReaderTools,
  signal: AbortSignal,
): Promise<void> {
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
  const classes = await readLabels(labels, { classes: schema.classes, report }, signal);
  let next = 0;
  for await (const pixels of readPixels(images, schema.scale, signal)) {
    const label = classes[next++] ?? 0;
    if (label < schema.classes) await sink.append(pixels, label);
  }
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

/** The images in order, scaled; each is overwritten by the next. */
async function* readPixels(
  images: IdxFile,
  scale: number,
  signal: AbortSignal,
): AsyncGenerator<Float32Array, void, undefined> {
  const [, height = 0, width = 0] = images.shape;
  const pixels = new Float32Array(height * width);
  let filled = 0;
  for await (const block of images.blocks(signal)) {
    for (const pixel of block) {
      pixels[filled++] = pixel / scale;
      if (filled < pixels.length) continue;
      yield pixels;
      filled = 0;
    }
  }
}

/** The labels as they are in the file. One that is no class is reported; its image is left out then. */
async function readLabels(
  file: IdxFile,
  { classes, report }: { readonly classes: number; readonly report: Report },
  signal: AbortSignal,
): Promise<Uint8Array> {
  const labels = new Uint8Array(file.examples);
  let next = 0;
  for await (const block of file.blocks(signal)) {
    labels.set(block, next);
    for (const label of block) {
      next++;
      if (label < classes) continue;
      const place = `${file.path} labels example ${next}`;
      report(new ClientError("bad-data", `${place} with ${label}, wanted 0 to ${classes - 1}`));
    }
  }
  return labels;
}
