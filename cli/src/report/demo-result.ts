import type { Hash, Plan } from "@chorus/aggregation";
import type { CompletedRound } from "../operator/run.ts";
import type { AccuracyPoint } from "./charts.ts";

/** A completed round and how its model does on the test digits. */
export interface MeasuredRound extends CompletedRound {
  /** Share of the test examples that the round's model classifies rightly, 0..1. */
  readonly testAccuracy: number;
  /** Examples that the cohort's survivors trained on in this round and before it. */
  readonly examplesSeen: number;
}

/** One of the demo's participants. */
export interface DemoParticipant {
  readonly name: string;
  readonly examples: number;
  /** Examples of each label. Shape `[classes]`. */
  readonly labels: readonly number[];
  /** Test accuracy of the model that it trains by itself with as many examples seen as the whole federation. */
  readonly aloneAccuracy: number;
}

/** How the participant that was killed fared. */
export interface Interruption {
  readonly participant: string;
  /** The round and phase in which it was killed. */
  readonly round: number;
  readonly phase: string;
  /** Survivors of that round, out of those who were asked to take part. */
  readonly survivors: number;
  readonly participants: number;
  /** The first round that it was a survivor of again; undefined when the run ended before. */
  readonly returnedInRound: number | undefined;
}

/** Everything that a demo's report tells: its JSON form is this very object. */
export interface DemoResult {
  readonly runId: Hash;
  readonly planName: string;
  /** Canonical JSON. */
  readonly plan: string;
  readonly planHash: Hash;
  readonly protection: Plan["protection"];
  readonly startedAtMs: number;
  /** From the demo's start to its report, without installation. */
  readonly wallMs: number;
  /** From the run's start to its end. */
  readonly runMs: number;
  readonly environment: {
    readonly node: string;
    readonly platform: string;
    readonly cpu: string;
    readonly cores: number;
    readonly backend: string;
  };
  readonly parameters: number;
  readonly trainExamples: number;
  readonly testExamples: number;
  readonly alpha: number;
  readonly participants: readonly DemoParticipant[];
  readonly rounds: readonly MeasuredRound[];
  readonly accuracy: { readonly federated: number; readonly centralised: number };
  readonly examplesSeen: number;
  readonly curves: readonly AccuracyPoint[];
  /** Undefined when nobody was killed. */
  readonly interruption: Interruption | undefined;
  readonly ledger: string;
  readonly verification: {
    readonly rounds: number;
    /** Models that were recomputed; in an encrypted run, that enough participants signed. */
    readonly models: number;
    readonly headEntry: Hash;
  };
}
