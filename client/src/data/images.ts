import { readdir, stat } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { extname, join } from "node:path";
import type { ImagesSchema } from "@chorus/aggregation";
import { ClientError } from "../error.ts";
import { printable } from "./cell.ts";
import { ImageDecoder } from "./image-decoder.ts";
import type { ReaderTools } from "./reader-tools.ts";
import type { Report } from "./report.ts";
import { unreadable } from "./unreadable.ts";

/**
 * Reads a folder with one subfolder for each class, which holds PNG and JPEG files: in the order of the plan's classes and
 * of the files' names, so that every start reads the same. Names that begin with a dot are passed over; anything else that
 * is neither class nor image is reported, as is a class without images and an image that {@link ImageDecoder} refuses.
 * Throws {@link ClientError} `unreadable` where the system refuses; the signal's reason when aborted.
 */
export async function readImages(
  folder: string,
  schema: ImagesSchema,
  { sink, report, progress }: ReaderTools,
  signal: AbortSignal,
): Promise<void> {
  const files = await listImages(folder, schema.classes, report);
  const decoder = await ImageDecoder.open(schema);
  const pixels = new Float32Array(schema.height * schema.width * schema.channels);
  for (let start = 0; start < files.length; start += AT_A_TIME) {
    signal.throwIfAborted();
    const some = files.slice(start, start + AT_A_TIME);
    const images = await Promise.all(some.map(({ path }) => decodeOrRefuse(decoder, path)));
    for (const [index, image] of images.entries()) {
      if (image instanceof ClientError) {
        report(image);
        continue;
      }
      for (const [place, value] of image.entries()) pixels[place] = value / schema.scale;
      await sink.append(pixels, some[index]?.label ?? 0);
    }
    const done = start + some.length;
    if (isToldAt(done, files.length)) progress(done, files.length);
  }
}

/** Decoding is the work of other threads; images in the making take memory. */
const AT_A_TIME = Math.min(8, availableParallelism());

const IMAGES_BETWEEN_PROGRESS = 200;

/** Whether progress is told now that another group is read. */
function isToldAt(done: number, all: number): boolean {
  return done === all || done % IMAGES_BETWEEN_PROGRESS < AT_A_TIME;
}

const EXTENSIONS: readonly string[] = [".png", ".jpg", ".jpeg"];

interface ImageFile {
  readonly path: string;
  readonly label: number;
}

/** The problem of one image is no reason to leave the others of its group behind. */
async function decodeOrRefuse(
  decoder: ImageDecoder,
  path: string,
): Promise<Uint8Array | ClientError> {
  return await decoder.decode(path).catch((problem: unknown) => {
    if (problem instanceof ClientError) return problem;
    throw problem;
  });
}

async function listImages(
  folder: string,
  classes: readonly string[],
  report: Report,
): Promise<readonly ImageFile[]> {
  const found = await listFolder(folder);
  const wanted = `wanted one folder for each class: ${classes.join(", ")}`;
  for (const name of found)
    if (!classes.includes(name)) report(misplaced(join(folder, name), "no class", wanted));
  const files: ImageFile[] = [];
  for (const [label, name] of classes.entries()) {
    const path = join(folder, name);
    if (found.includes(name)) files.push(...(await listClass(path, label, report)));
    else report(misplaced(path, "not there", wanted));
  }
  return files;
}

async function listClass(folder: string, label: number, report: Report): Promise<ImageFile[]> {
  const found = await stat(folder).catch((cause: unknown) => {
    throw unreadable(folder, cause);
  });
  if (found.isFile()) {
    report(misplaced(folder, "a file", "wanted a folder with the images of that class"));
    return [];
  }
  const names = await listFolder(folder);
  const isImage = (name: string): boolean => EXTENSIONS.includes(extname(name).toLowerCase());
  for (const name of names)
    if (!isImage(name))
      report(misplaced(join(folder, name), "no image", `wanted ${EXTENSIONS.join(", ")} files`));
  const images = names.filter(isImage);
  if (images.length === 0)
    report(misplaced(folder, "empty", "wanted a class with one image or more"));
  return images.map((name) => ({ path: join(folder, name), label }));
}

async function listFolder(folder: string): Promise<readonly string[]> {
  const names = await readdir(folder).catch((cause: unknown) => {
    throw unreadable(folder, cause);
  });
  return names.filter((name) => !name.startsWith(".")).toSorted();
}

function misplaced(path: string, what: string, wanted: string): ClientError {
  return new ClientError("bad-data", `${printable(path)} is ${what}, ${wanted}`);
}
