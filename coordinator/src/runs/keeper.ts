import {
  type Hash,
  ModelError,
  type ModelLayout,
  modelFromBytes,
  modelHash,
  modelToBytes,
  type RunPlan,
  sha256Hex,
  stateLength,
  vectorFromBytes,
} from "@chorus/aggregation";
import type { Clock } from "../clock.ts";
import type { ActiveRound } from "../round/active-round.ts";
import { Committing, type CommittingReported } from "../round/ended.ts";
import { transcriptToBytes } from "../round/transcript-bytes.ts";
import {
  type BlobStore,
  type RoundResult,
  type RunRecord,
  type Store,
  StoreError,
} from "../store/store.ts";

/** Keeps what rounds make: models, optimiser states and transcripts as files, results in the store. */
export class Keeper {
  readonly #layout: ModelLayout;
  readonly #stateLength: number;
  readonly #store: Store;
  readonly #blobs: BlobStore;
  readonly #clock: Clock;

  constructor(
    { layout, plan }: { readonly layout: ModelLayout; readonly plan: RunPlan },
    dependencies: { readonly store: Store; readonly blobs: BlobStore; readonly clock: Clock },
  ) {
    this.#layout = layout;
    this.#stateLength = stateLength(plan.strategy, layout.parameters);
    this.#store = dependencies.store;
    this.#blobs = dependencies.blobs;
    this.#clock = dependencies.clock;
  }

  /**
   * The run's newest model and its outer optimiser's state. Throws StoreError: `unknown` when a file is missing,
   * `damaged` when it does not hold what its name says.
   */
  async load({
    modelHash: wanted,
    strategyStateHash,
  }: RunRecord): Promise<{ model: Float32Array; state: Float32Array | undefined }> {
    const layout = this.#layout;
    const model = await this.#read(
      wanted,
      (bytes) => modelFromBytes(layout, bytes),
      (vector) => modelHash(layout, vector),
    );
    if (strategyStateHash === "") return { model, state: undefined };
    const state = await this.#read(
      strategyStateHash,
      (bytes) => vectorFromBytes(bytes, this.#stateLength, "state"),
      (vector) => sha256Hex(modelToBytes(vector)),
    );
    return { model, state };
  }

  async #read(
    name: Hash,
    vectorOf: (bytes: Uint8Array) => Float32Array,
    hashOf: (vector: Float32Array) => Hash,
  ): Promise<Float32Array> {
    const bytes = await this.#blobs.get(name);
    try {
      const vector = vectorOf(bytes);
      const hash = hashOf(vector);
      if (hash !== name) throw damaged(name, `it holds ${hash}`);
      return vector;
    } catch (error) {
      if (error instanceof ModelError) throw damaged(name, error.message);
      throw error;
    }
  }

  /**
   * Keeps a round's model; of an encrypted round, whose model its participants have, its hashes. Files first, then one
   * transaction that makes the round part of the run: a crash in between leaves a file that nobody names, and the round is
   * done again. Throws StoreError; then the round is not completed.
   */
  async keep(
    ended: Committing | CommittingReported,
    active: ActiveRound,
    startedAtMs: number,
  ): Promise<RoundResult> {
    const strategyStateHash =
      ended instanceof Committing ? await this.#keepModel(ended) : ended.stateHash;
    const transcriptHash = await this.#putBytes(transcriptToBytes(ended.transcript));
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
      transcriptHash,
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

  /** Keeps model and outer optimiser's state. Returns the SHA-256 of the state's bytes; "" for a strategy without one. */
  async #keepModel({ modelHash, model, strategyState }: Committing): Promise<Hash | ""> {
    await this.#blobs.put(modelHash, modelToBytes(model));
    return strategyState === undefined ? "" : await this.#putBytes(modelToBytes(strategyState));
  }

  /** Keeps bytes under their SHA-256, which it returns. */
  async #putBytes(bytes: Uint8Array): Promise<Hash> {
    const hash = sha256Hex(bytes);
    await this.#blobs.put(hash, bytes);
    return hash;
  }
}

function damaged(name: Hash, how: string): StoreError {
  return new StoreError("damaged", `the model file ${name} is damaged: ${how}`);
}
