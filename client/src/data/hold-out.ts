import { RandomNumbers, seededRandom } from "@chorus/aggregation";
import { ClientError } from "../error.ts";
import { ChosenExamples, type Examples } from "./examples.ts";

/** Examples in two parts that share none. */
export interface SplitDataset {
  readonly training: Examples;
  readonly holdOut: Examples;
}

/**
 * Keeps a share of the examples for evaluation: `holdOutSize` of them, drawn by a shuffle that `seed` decides, so that a
 * participant that restarts holds out the same ones. The parts are views: nothing is copied. Throws {@link ClientError}
 * `bad-data` as {@link holdOutSize} does.
 */
export function splitHoldOut(source: Examples, share: number, seed: string): SplitDataset {
  const size = holdOutSize("the dataset", source.examples, share);
  const order = shuffledIndices(source.examples, new RandomNumbers(seededRandom(seed)));
  return {
    training: new ChosenExamples(source, order.subarray(size)),
    holdOut: new ChosenExamples(source, order.subarray(0, size)),
  };
}

/**
 * Examples to hold out: `share`, in [0, 1), of them, rounded to the nearest. Throws {@link ClientError} `bad-data`, naming
 * `source`, for fewer than two examples and where a part would be empty although `share` is above 0.
 */
export function holdOutSize(source: string, examples: number, share: number): number {
  if (examples < 2) {
    throw new ClientError(
      "bad-data",
      `${source} has ${examples} usable examples, wanted 2 or more`,
    );
  }
  const size = Math.round(examples * share);
  if (share > 0 && (size === 0 || size === examples)) {
    throw new ClientError(
      "bad-data",
      `${source} has ${examples} usable examples, wanted more: to hold out a share of ${share} leaves one part empty`,
    );
  }
  return size;
}

/** 0 to count - 1 in random order, each order as likely as the other (Fisher-Yates, inside out). Shape `[count]`. */
export function shuffledIndices(count: number, random: RandomNumbers): Uint32Array {
  const indices = new Uint32Array(count);
  for (let index = 0; index < count; index++) {
    const place = random.below(index + 1);
    indices.copyWithin(index, place, place + 1);
    indices[place] = index;
  }
  return indices;
}
