import type { Hash, MaskingTools, RoundConfig, UpdateCounts } from "@chorus/aggregation";
import type { CipherThread } from "../he/cipher-thread.ts";
import type { RunModel } from "../models/model-store.ts";
import type { RoundFacts } from "./facts.ts";
import type { Site } from "./site.ts";

/** What all stages of one exchange have in common. */
export interface Exchange {
  readonly facts: RoundFacts;
  /** What was trained from. */
  readonly parent: RunModel;
  readonly config: RoundConfig;
  readonly configHash: Hash;
  /** For rounding, masking and committing; its randomness is secret. */
  readonly tools: MaskingTools;
  readonly site: Site;
  /** Will encrypt the update, in an encrypted round alone: the stages before that dispose of it when they are disposed of. */
  readonly cipher: CipherThread | undefined;
}

/** What a participant made of the round's model, not masked yet. */
export interface PlainUpdate {
  /** Shape `[dimension]`. Overwritten with zeros as soon as it is masked or the round is lost. */
  readonly delta: Float32Array;
  readonly counts: UpdateCounts;
}
