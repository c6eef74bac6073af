import { RandomNumbers, seededRandom } from "@chorus/aggregation";
import { ClientError } from "../error.ts";
import { type Dataset, selectExamples } from "./dataset.ts";

/** A dataset in two parts that share no example. */
export interface SplitDataset {
  readonly training: Dataset;
  readonly holdOut: Dataset;
}

/**
 * Keeps a share of the examples for evaluation: `holdOutSize` of them, drawn by a shuffle that `seed` decides, so that a
 * participant that restarts holds out the same ones. Throws {@link ClientError} `bad-data` as {@link holdOutSize} does.
 */
export function splitHoldOut(dataset: Dataset, share: number, seed: string): SplitDataset {
  const size = holdOutSize("the dataset", dataset.examples, share);
  const order = shuffledIndices(dataset.examples, new RandomNumbers(seededRandom(seed)));
  return {
    training: selectExamples(dataset, order.subarray(size)),
    holdOut: selectExamples(dataset, order.subarray(0, size)),
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
