import type { ModelTopology } from "../model/topology.ts";

/**
 * Everything that defines a run. It has no optional settings and no defaults: what is not written does not apply, and
 * its hash therefore says everything. Participants sign and allow-list that hash.
 */
export interface Plan {
  /** For people: 1 to 64 of a-z, 0-9 and "-". */
  readonly name: string;
  readonly model: ModelTopology;
  readonly data: DataSchema;
  /** Share of each site's examples that is kept for evaluation, in [0, 1). */
  readonly holdOut: number;
  readonly training: Training;
  readonly strategy: StrategyPlan;
  readonly protection: Protection;
  /** Completed rounds that end the run, 1 to 1 000 000. */
  readonly rounds: number;
  /** Decides the initial model: an integer in [0, 2^32). */
  readonly seed: number;
  readonly roundPolicy: RoundPolicy;
}

/** What the files at every site hold, and how an example becomes numbers. */
export type DataSchema = IdxSchema | CsvSchema;

/** Images and their classes in two IDX files of bytes, the format of MNIST. */
export interface IdxSchema {
  readonly format: "idx";
  /** Labels are 0 to classes - 1; 2 to 256, as a label is one byte. */
  readonly classes: number;
  /** Every pixel is divided by it; above 0. */
  readonly scale: number;
}

/** One example a row, columns found by the names in the header. Columns that are not named here are not read. */
export interface CsvSchema {
  readonly format: "csv";
  /** In the order in which they are encoded: 1 to 10 000. */
  readonly features: readonly Feature[];
  readonly label: Label;
  /** What an empty cell in a named column does: its row is left out, or the file is refused. */
  readonly missing: "drop-row" | "refuse";
}

export type Feature = NumberFeature | CategoryFeature;

/** Becomes one number: (cell - mean) / scale. Both are public constants, never statistics of one site's records. */
export interface NumberFeature {
  readonly column: string;
  readonly kind: "number";
  readonly mean: number;
  /** Above 0. */
  readonly scale: number;
}

/** Becomes one number for each value, 1 for the cell's and 0 for the others. Another value in a cell is an error. */
export interface CategoryFeature {
  readonly column: string;
  readonly kind: "category";
  /** 2 to 1000, as they are written in the files. */
  readonly values: readonly string[];
}

export type Label = BinaryLabel | CategoryLabel;

/** Positive when the cell, a number, is greater than `positiveAbove`. */
export interface BinaryLabel {
  readonly column: string;
  readonly kind: "binary";
  readonly positiveAbove: number;
}

/** The class is the cell's position among `values`, 2 to 1000 of them. */
export interface CategoryLabel {
  readonly column: string;
  readonly kind: "category";
  readonly values: readonly string[];
}

/** What every participant does with the model before it reports. */
export interface Training {
  /** Categorical goes with softmax over the classes, binary with one sigmoid unit and a binary label. */
  readonly loss: "categoricalCrossentropy" | "binaryCrossentropy";
  /** Fresh in every round: its state never leaves the site and never outlives the round. */
  readonly optimizer: Optimizer;
  /** Examples a step, 1 to 65 536. */
  readonly batchSize: number;
  /** Steps a round, 1 to 1 000 000. */
  readonly localSteps: number;
}

export type Optimizer =
  | {
      readonly kind: "sgd";
      /** Above 0, 1000 at most. */
      readonly learningRate: number;
      /** In [0, 1). */
      readonly momentum: number;
    }
  | {
      readonly kind: "adam";
      /** Above 0, 1000 at most. */
      readonly learningRate: number;
    };

/** How the mean update moves the model. All of them need the sum only, which is all that masking shows. */
export type StrategyPlan = FedAvgPlan | FedAvgMPlan | DiLoCoPlan | AdaptivePlan;

/** Adds the mean update. */
export interface FedAvgPlan {
  readonly kind: "fedavg";
}

/** Adds a running mean of mean updates. */
export interface FedAvgMPlan {
  readonly kind: "fedavgm";
  /** Above 0, 1000 at most. */
  readonly learningRate: number;
  /** Share of the previous step that is kept, in [0, 1). */
  readonly momentum: number;
}

/** Nesterov's step over mean updates: for few rounds of many local steps. */
export interface DiLoCoPlan {
  readonly kind: "diloco";
  /** Above 0, 1000 at most; 0.7 in the paper. */
  readonly learningRate: number;
  /** Share of the previous step that is kept, in [0, 1); 0.9 in the paper. */
  readonly momentum: number;
}

/** Scales each parameter's step by how large its updates were. */
export interface AdaptivePlan {
  readonly kind: "fedadam" | "fedyogi";
  /** Above 0, 1000 at most. */
  readonly learningRate: number;
  /** Share of the updates' first moment that is kept, in [0, 1); 0.9 in the paper. */
  readonly beta1: number;
  /** Share of the second moment that is kept, in [0, 1); 0.99 in the paper. */
  readonly beta2: number;
  /** Adaptivity: the smaller, the more. Above 0, 1 at most; 0.001 in the paper. */
  readonly tau: number;
}

/** How updates are hidden from the coordinator: pairwise and self masks that cancel in the sum (SA-1). */
export interface Protection {
  readonly kind: "masking";
  /** Largest L2 norm of an update, longer ones are scaled down: 0.000001 to 10 000. */
  readonly clippingNorm: number;
  /** Largest weight of an update, in examples: 1 to 1 000 000 000. */
  readonly maxExamples: number;
}

/** When a round's phases go on, and when they give up. No other time-outs exist. */
export interface RoundPolicy {
  /** Participants that a round wants, 3 or more. */
  readonly select: number;
  /** select times this, rounded up, are invited, as some will not come: 1 to 10. */
  readonly overSelect: number;
  /** Enough to go on at a soft deadline: minSurvivors to select. */
  readonly quorum: number;
  /**
   * Fewest updates in a sum that is unmasked: 3 or more. A sum of one is that participant's update; a sum of two gives
   * each of the two the other's by subtraction of its own. From three on it takes collusion to single one out.
   */
  readonly minSurvivors: number;
  /** From here on a phase ends as soon as it has its quorum. */
  readonly softDeadlineMs: PhaseDeadlines;
  /** Here a phase without its quorum abandons the round. */
  readonly hardDeadlineMs: PhaseDeadlines;
}

/** From a phase's beginning: 1 ms to 7 days. */
export interface PhaseDeadlines {
  /** Local training. */
  readonly training: number;
  /** Each step of the masked exchange. */
  readonly exchange: number;
}
