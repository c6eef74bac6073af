import type { Hash, RandomSource, RoundConfig, UpdateCounts } from "@chorus/aggregation";

/** What all stages of one masked exchange have in common. */
export interface Exchange {
  readonly config: RoundConfig;
  readonly configHash: Hash;
  /** For shares and rounding: must be secret. */
  readonly random: RandomSource;
}

/** What a participant made of the round's model, not masked yet. */
export interface PlainUpdate {
  /** Shape `[dimension]`. Overwritten with zeros as soon as it is masked or the round is lost. */
  readonly delta: Float32Array;
  readonly counts: UpdateCounts;
}
