import type { ModelTopology } from "../model/topology.ts";
import type { DataSchema } from "./plan-data.ts";

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
  /** Where the numbers in `data` come from, when a statistics run made them. Changes nothing; `chorus verify` compares. */
  readonly preparedBy?: PreparedBy;
}

/** A statistics run and what it came to. */
export interface PreparedBy {
  /** 64 hexadecimal digits. */
  readonly runId: string;
  /** Of the run's last model, 64 hexadecimal digits. */
  readonly modelHash: string;
}

/** What every participant does with the model before it reports. */
export interface Training {
  /** Categorical goes with softmax over the classes, binary with one sigmoid unit and a binary label. */
  readonly loss: "categoricalCrossentropy" | "binaryCrossentropy";
  /** Fresh in every round: its state never leaves the site and never outlives the round. */
  readonly optimizer: Optimizer;
  /**
   * FedProx: draws the weights back to the round's beginning by this much of their distance, in every gradient. Above 0,
   * 1000 at most; for gradient descent below 2 (1 + momentum) / learningRate. Left out, nothing draws.
   */
  readonly proximal?: number;
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

/** How updates are hidden from the coordinator. */
export type Protection = MaskingProtection | HeProtection;

/** Pairwise and self masks that cancel in the sum (SA-1), which the coordinator and everybody else learn. */
export interface MaskingProtection extends UpdateBounds {
  readonly kind: "masking";
}

/**
 * The same masks, and over them encryption under a key that the round's participants share: the sum and the model are
 * theirs alone.
 */
export interface HeProtection extends UpdateBounds {
  readonly kind: "he";
  /** Bits that each parameter is rounded to: 8 or 15 among up to 128 participants, 16 among up to 64. */
  readonly valueBits: 8 | 15 | 16;
}

/** What one participant's update can do to the sum at most. */
export interface UpdateBounds {
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
