import type { Hash, MaskingTools, RoundConfig, UpdateCounts } from "@chorus/aggregation";
import type { Auditor } from "../transcript/auditor.ts";
import type { RoundFacts } from "./facts.ts";

/** What all stages of one masked exchange have in common. */
export interface Exchange {
  readonly facts: RoundFacts;
  /** What was trained from: shape `[dimension]`. */
  readonly parent: Float32Array;
  readonly config: RoundConfig;
  readonly configHash: Hash;
  /** For rounding and masking; its randomness is secret. */
  readonly tools: MaskingTools;
  /** Is told what is signed. */
  readonly auditor: Auditor;
}

/** What a participant made of the round's model, not masked yet. */
export interface PlainUpdate {
  /** Shape `[dimension]`. Overwritten with zeros as soon as it is masked or the round is lost. */
  readonly delta: Float32Array;
  readonly counts: UpdateCounts;
}
