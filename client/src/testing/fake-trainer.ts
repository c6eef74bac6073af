import type { Evaluation, LocalUpdate, Trainer } from "../trainer.ts";

/** Training that always makes the same of every model. */
export class FakeTrainer implements Trainer {
  readonly backend = "fake";
  /** Seeds of the trainings so far. */
  readonly batchSeeds: string[] = [];
  isDisposed = false;
  readonly #delta: Float32Array;

  constructor(delta: Float32Array) {
    this.#delta = delta;
  }

  async train(_model: Float32Array, batchSeed: string, signal: AbortSignal): Promise<LocalUpdate> {
    signal.throwIfAborted();
    this.batchSeeds.push(batchSeed);
    return { delta: this.#delta.slice(), examples: 50, meanLoss: 0.5 };
  }

  async evaluate(_model: Float32Array, signal: AbortSignal): Promise<Evaluation> {
    signal.throwIfAborted();
    return { examples: 10, correct: 4, meanLoss: 1.5 };
  }

  [Symbol.dispose](): void {
    this.isDisposed = true;
  }
}

/** Training that goes on until the test lets it end, or until it is aborted. */
export class GatedTrainer extends FakeTrainer {
  /** Resolves when training has begun. */
  readonly begun: PromiseWithResolvers<void> = Promise.withResolvers();
  /** The test resolves it to let training end. */
  readonly gate: PromiseWithResolvers<void> = Promise.withResolvers();
  /** Resolves with why training was aborted. */
  readonly aborted: PromiseWithResolvers<unknown> = Promise.withResolvers();

  override async train(
    model: Float32Array,
    batchSeed: string,
    signal: AbortSignal,
  ): Promise<LocalUpdate> {
    this.begun.resolve();
    signal.addEventListener("abort", () => this.aborted.resolve(signal.reason), { once: true });
    await Promise.race([this.gate.promise, this.aborted.promise]);
    return super.train(model, batchSeed, signal);
  }
}

/** Training whose last update the test can look at afterwards. */
export class KeptTrainer extends FakeTrainer {
  /** The very array that training returned. */
  delta: Float32Array = new Float32Array();

  override async train(
    model: Float32Array,
    batchSeed: string,
    signal: AbortSignal,
  ): Promise<LocalUpdate> {
    const update = await super.train(model, batchSeed, signal);
    this.delta = update.delta;
    return update;
  }
}
