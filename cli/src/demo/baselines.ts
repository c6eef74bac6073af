import type { Plan } from "@chorus/aggregation";
import { type AccuracyPoint, centralisedSeries } from "../report/charts.ts";
import type { LabelledImages } from "./idx.ts";
import { datasetOf, type TestMeter, trainBaseline, wholeDatasetOf } from "./measure.ts";
import type { Shard } from "./shards.ts";

/** Measurements on a baseline's curve: each costs as much as a hundred steps. */
const curvePoints = 9;

/** What the federation is compared with, all with its budget of examples. */
export interface Baselines {
  /** All digits in one place. */
  readonly centralised: readonly AccuracyPoint[];
  /** One curve for each participant, by name. */
  readonly alone: ReadonlyMap<string, readonly AccuracyPoint[]>;
}

/** Trains the models that the federated one is compared with, one after the other. */
export async function trainBaselines(
  parts: {
    readonly plan: Plan;
    /** All training digits. */
    readonly train: LabelledImages;
    /** What pixels are divided by. */
    readonly scale: number;
    readonly shards: readonly Shard[];
    /** Survivors of each round: how many local trainings the federation made in it. */
    readonly trainings: readonly number[];
  },
  meter: TestMeter,
  signal: AbortSignal,
): Promise<Baselines> {
  const { plan, train, scale, shards } = parts;
  const trainings = groupTrainings(parts.trainings, curvePoints);
  const centralised = await trainBaseline(
    { series: centralisedSeries, plan, dataset: wholeDatasetOf(train, scale), trainings },
    meter,
    signal,
  );
  const alone = new Map<string, readonly AccuracyPoint[]>();
  for (const { name, indices } of shards) {
    const dataset = datasetOf(train, scale, indices);
    const options = { series: `${name} alone`, plan, dataset, trainings };
    alone.set(name, await trainBaseline(options, meter, signal));
  }
  return { centralised, alone };
}

/**
 * Keeps the first, where accuracy rises fastest, and sums neighbours of the rest until at most `groups` (2 or more) are
 * left. The sum of all stays what it was.
 */
export function groupTrainings(
  [first, ...rest]: readonly number[],
  groups: number,
): readonly number[] {
  if (first === undefined) return [];
  const size = Math.max(1, Math.ceil(rest.length / (groups - 1)));
  const sums = Array.from({ length: Math.ceil(rest.length / size) }, (_, group) =>
    rest.slice(group * size, (group + 1) * size).reduce((sum, count) => sum + count, 0),
  );
  return [first, ...sums];
}
