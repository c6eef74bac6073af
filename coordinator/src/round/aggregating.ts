import {
  applyOuterStep,
  decodeSum,
  type Hash,
  layoutOf,
  MaskingError,
  ModelError,
  modelHash,
  type ParticipantId,
  type RoundConfig,
} from "@chorus/aggregation";
import { Abandoned, Committing } from "./ended.ts";
import type { RoundFacts } from "./facts.ts";

/** The survivors' exact sum is open; the outer step is to be taken. */
export class Aggregating {
  readonly phase = "aggregating";
  readonly facts: RoundFacts;
  readonly #config: RoundConfig;
  readonly #sum: Uint32Array;
  readonly #survivors: ReadonlySet<ParticipantId>;
  readonly #updatesRoot: Hash;

  constructor(fields: {
    readonly facts: RoundFacts;
    readonly config: RoundConfig;
    readonly sum: Uint32Array;
    readonly survivors: ReadonlySet<ParticipantId>;
    readonly updatesRoot: Hash;
  }) {
    this.facts = fields.facts;
    this.#config = fields.config;
    this.#sum = fields.sum;
    this.#survivors = fields.survivors;
    this.#updatesRoot = fields.updatesRoot;
  }

  /**
   * Takes the outer step: aggregating -> committing | abandoned (a sum out of range or a model that is not finite).
   * `parent`: the model trained from, shape `[dimension]`; `state`: the outer optimiser's, where it has one.
   */
  aggregate(parent: Float32Array, state: Float32Array | undefined): Committing | Abandoned {
    const { facts } = this;
    try {
      const { meanDelta, counts } = decodeSum(this.#sum, this.#survivors.size, this.#config);
      const next = applyOuterStep(facts.plan.strategy, { model: parent, meanDelta, state });
      return new Committing({
        facts,
        model: next.model,
        modelHash: modelHash(layoutOf(facts.plan.model), next.model),
        strategyState: next.state,
        updatesRoot: this.#updatesRoot,
        cohort: this.#config.cohort.length,
        survivors: this.#survivors,
        counts,
      });
    } catch (error) {
      if (error instanceof MaskingError || error instanceof ModelError)
        return new Abandoned(facts, `${error.code}: ${error.message}`);
      throw error;
    }
  }
}
