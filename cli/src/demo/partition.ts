import type { RandomNumbers } from "@chorus/aggregation";
import { sampleDirichlet } from "./gamma.ts";

/** What a partition has to look like. */
export interface PartitionOptions {
  /** Shards to make, 1 or more. */
  readonly shards: number;
  /** Labels are 0..classes-1. */
  readonly classes: number;
  /** Concentration of the Dirichlet distribution, > 0: the smaller, the more uneven the labels of a shard. */
  readonly alpha: number;
  /** Every shard gets at least this many examples. */
  readonly minimumExamples: number;
}

/** Draws until every shard is large enough; far more than is ever needed for sensible options. */
const maximumDraws = 1000;

/**
 * Splits examples among shards with uneven labels: for each class, shares drawn from a Dirichlet distribution decide
 * how many of its examples each shard gets. Every example lands in exactly one shard; indices are shuffled. Draws again
 * when a shard is smaller than asked; throws RangeError when 1000 draws do not help.
 * `labels`: shape `[examples]`. Source: Yurochkin et al. 2019, section 4; Hsu et al. 2019.
 */
export function partitionByLabel(
  labels: Uint8Array,
  options: PartitionOptions,
  random: RandomNumbers,
): readonly Uint32Array[] {
  if (options.shards * options.minimumExamples > labels.length) {
    throw new RangeError(
      `got ${labels.length} examples, wanted ${options.minimumExamples} for each of ${options.shards} shards`,
    );
  }
  const byClass = groupByLabel(labels, options.classes);
  for (const members of byClass) shuffle(members, random);
  for (let draw = 0; draw < maximumDraws; draw += 1) {
    const shards = drawShards(byClass, options, random);
    if (shards.every((shard) => shard.length >= options.minimumExamples)) {
      for (const shard of shards) shuffle(shard, random);
      return shards.map((shard) => Uint32Array.from(shard));
    }
  }
  throw new RangeError(
    `${maximumDraws} draws with alpha ${options.alpha} gave no partition with ${options.minimumExamples} examples a shard`,
  );
}

/** How many examples of each class a shard has. Shape `[classes]`. */
export function countLabels(labels: Uint8Array, classes: number): number[] {
  return groupByLabel(labels, classes).map((members) => members.length);
}

function groupByLabel(labels: Uint8Array, classes: number): number[][] {
  const groups: number[][] = Array.from({ length: classes }, () => []);
  for (const [index, label] of labels.entries()) {
    const group = groups[label];
    if (group === undefined) {
      throw new RangeError(`example ${index} has label ${label}, wanted 0..${classes - 1}`);
    }
    group.push(index);
  }
  return groups;
}

function drawShards(
  byClass: readonly (readonly number[])[],
  options: PartitionOptions,
  random: RandomNumbers,
): number[][] {
  const shards: number[][] = Array.from({ length: options.shards }, () => []);
  for (const members of byClass) {
    const shares = sampleDirichlet(options.alpha, options.shards, random);
    let cumulative = 0;
    let from = 0;
    for (const [index, shard] of shards.entries()) {
      cumulative += shares[index] ?? 0;
      const isLast = index === options.shards - 1;
      const to = isLast ? members.length : Math.floor(cumulative * members.length);
      shard.push(...members.slice(from, to));
      from = Math.max(from, to);
    }
  }
  return shards;
}

/** Puts the values into random order, in place. Source: Durstenfeld 1964 (Fisher & Yates). */
function shuffle(values: number[], random: RandomNumbers): void {
  for (let last = values.length - 1; last > 0; last -= 1) {
    const other = random.below(last + 1);
    const moved = values[last] ?? 0;
    values[last] = values[other] ?? 0;
    values[other] = moved;
  }
}
