import { setImmediate } from "node:timers/promises";
import { RandomNumbers, seededRandom } from "@chorus/aggregation";
import { type LabelledImages, writeIdxPair } from "./idx.ts";
import { countLabels, partitionByLabel } from "./partition.ts";
import type { RunFolder } from "./run-folder.ts";
import { type DemoSettings, participantNames } from "./settings.ts";

const classes = 10;

/** One participant's part of the digits. */
export interface Shard {
  readonly name: string;
  /** Folder with its IDX files. */
  readonly path: string;
  /** Which of the training digits. */
  readonly indices: Uint32Array;
  /** Examples of each label. Shape `[10]`. */
  readonly labels: readonly number[];
}

/** Splits digits among the participants, unevenly by label: which digits each one has. `seed`: the plan's. */
export function partitionDigits(
  { labels }: Pick<LabelledImages, "labels">,
  seed: number,
  { alpha, minimumExamples }: DemoSettings,
): readonly Uint32Array[] {
  const random = new RandomNumbers(seededRandom(`chorus/demo/partition/${seed}`));
  const options = { shards: participantNames.length, classes, alpha, minimumExamples };
  return partitionByLabel(labels, options, random);
}

/** Splits the digits among the participants, and writes each one's files. `seed`: the plan's. Throws the signal's reason. */
export async function writeShards(
  digits: LabelledImages,
  seed: number,
  settings: DemoSettings,
  folder: RunFolder,
  signal: AbortSignal,
): Promise<readonly Shard[]> {
  signal.throwIfAborted();
  const partition = partitionDigits(digits, seed, settings);
  // The partition has kept this process from hearing of an interruption.
  await setImmediate(undefined, { signal });
  return await Promise.all(
    participantNames.map(async (name, index) => {
      const indices = partition[index] ?? new Uint32Array();
      const path = await folder.folder("participants", name, "data");
      await writeIdxPair(path, digits, indices);
      const labels = Uint8Array.from(indices, (example) => digits.labels[example] ?? 0);
      return { name, path, indices, labels: countLabels(labels, classes) };
    }),
  );
}
