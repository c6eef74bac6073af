import {
  type Hash,
  type ModelLayout,
  modelFromBytes,
  modelToBytes,
  sha256Hex,
} from "@chorus/aggregation";
import type { Clock } from "../clock.ts";
import type { ActiveRound } from "../round/active-round.ts";
import type { Committing } from "../round/ended.ts";
import type { BlobStore, RoundResult, RunRecord, Store } from "../store/store.ts";

/** Keeps what rounds make: models and optimiser states as files, results in the store. */
export class Keeper {
  readonly #layout: ModelLayout;
  readonly #store: Store;
  readonly #blobs: BlobStore;
  readonly #clock: Clock;

  constructor(
    options: { readonly layout: ModelLayout },
    dependencies: { readonly store: Store; readonly blobs: BlobStore; readonly clock: Clock },
  ) {
    this.#layout = options.layout;
    this.#store = dependencies.store;
    this.#blobs = dependencies.blobs;
    this.#clock = dependencies.clock;
  }

  /** The run's newest model and its outer optimiser's state. Throws StoreError, ModelError for a file that is damaged. */
  async load({
    modelHash,
    strategyStateHash,
  }: RunRecord): Promise<{ model: Float32Array; state: Float32Array | undefined }> {
    const read = async (hash: Hash) => modelFromBytes(this.#layout, await this.#blobs.get(hash));
    return {
      model: await read(modelHash),
      state: strategyStateHash === "" ? undefined : await read(strategyStateHash),
    };
  }

  /**
   * Keeps a round's model. Files first, then one transaction that makes the round part of the run: a crash in between
   * leaves a file that nobody names, and the round is done again. Throws StoreError; then the round is not completed.
   */
  async keep(ended: Committing, active: ActiveRound, startedAtMs: number): Promise<RoundResult> {
    await this.#blobs.put(ended.modelHash, modelToBytes(ended.model));
    const strategyStateHash = await this.#keepState(ended.strategyState);
    const { trainingExamples, evaluationExamples, evaluationCorrect } = ended.counts;
    const lossSum = ended.counts.evaluationLossMillis / 1000;
    const { facts } = ended;
    const result: RoundResult = {
      roundId: facts.roundId,
      runId: facts.runId,
      round: facts.round,
      attempts: facts.attempt,
      parentModelHash: facts.parentModelHash,
      modelHash: ended.modelHash,
      strategyStateHash,
      updatesRoot: ended.updatesRoot,
      cohort: ended.cohort,
      survivors: ended.survivors.size,
      startedAtMs,
      endedAtMs: this.#clock.now(),
      phases: active.phases,
      ...active.traffic,
      trainingExamples,
      evaluationExamples,
      evaluationCorrect,
      evaluationLoss: evaluationExamples === 0 ? 0 : lossSum / evaluationExamples,
    };
    await this.#store.completeRound(result);
    return result;
  }

  /** Keeps the outer optimiser's state under the SHA-256 of its bytes; "" for a strategy without one. */
  async #keepState(state: Float32Array | undefined): Promise<Hash | ""> {
    if (state === undefined) return "";
    const bytes = modelToBytes(state);
    const hash = sha256Hex(bytes);
    await this.#blobs.put(hash, bytes);
    return hash;
  }
}
