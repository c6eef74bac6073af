import {
  applyOuterStep,
  decodeSum,
  type Hash,
  layoutOf,
  type MaskedTranscript,
  MaskingError,
  ModelError,
  modelHash,
  requireOpenedSum,
  type SumVerifier,
  type UnmaskingJob,
} from "@chorus/aggregation";
import { Abandoned, Committing } from "./ended.ts";
import type { RoundFacts } from "./facts.ts";

/** What the outer step starts from. */
export interface OuterState {
  /** The model trained from, shape `[dimension]`. */
  readonly model: Float32Array;
  /** The outer optimiser's, where it has one. */
  readonly state: Float32Array | undefined;
}

/** The masks in the survivors' sum are known: they are to be taken off, and then the outer step is. */
export class Aggregating {
  readonly phase = "aggregating";
  readonly facts: RoundFacts;
  /** Opens the sum once it has run, which takes long for large models. */
  readonly unmasking: UnmaskingJob;
  /** Its sum shares the memory of the job's words: still masked until the job has run. */
  readonly #transcript: MaskedTranscript;
  readonly #updatesRoot: Hash;

  constructor(fields: {
    readonly facts: RoundFacts;
    readonly unmasking: UnmaskingJob;
    readonly transcript: MaskedTranscript;
    readonly updatesRoot: Hash;
  }) {
    this.facts = fields.facts;
    this.unmasking = fields.unmasking;
    this.#transcript = fields.transcript;
    this.#updatesRoot = fields.updatesRoot;
  }

  /**
   * Checks that the survivors' commitments open to the sum, and takes the outer step, once {@link unmasking} has run:
   * aggregating -> committing | abandoned (a sum that does not open or is out of range, or a model that is not finite).
   */
  aggregate(parent: OuterState, verifier: SumVerifier): Committing | Abandoned {
    const { facts } = this;
    const { config, survivors, sum } = this.#transcript;
    try {
      requireOpenedSum(this.#transcript, verifier);
      const { meanDelta, counts } = decodeSum(sum, survivors.length, config);
      const next = applyOuterStep(facts.plan.strategy, { ...parent, meanDelta });
      return new Committing({
        facts,
        model: next.model,
        modelHash: modelHash(layoutOf(facts.plan.model), next.model),
        strategyState: next.state,
        updatesRoot: this.#updatesRoot,
        cohort: config.cohort.length,
        survivors: new Set(survivors.map(({ upload }) => upload.participantId)),
        counts,
        transcript: this.#transcript,
      });
    } catch (error) {
      if (error instanceof MaskingError || error instanceof ModelError)
        return new Abandoned(facts, `${error.code}: ${error.message}`);
      throw error;
    }
  }
}
