/** What local training made of a model. */
export interface LocalUpdate {
  /** Trained model minus the given one. Shape `[parameters]`, all finite. */
  readonly delta: Float32Array;
  /** Training examples at this site: the update's weight. */
  readonly examples: number;
  /** Mean loss over the round's batches. */
  readonly meanLoss: number;
}

/** How a model does on a set of examples. */
export interface Evaluation {
  readonly examples: number;
  /** Examples whose most likely class is the label. */
  readonly correct: number;
  readonly meanLoss: number;
}

/** Trains and evaluates one plan's model on one site's data. Data never leaves it. */
export interface Trainer extends Disposable {
  /** TensorFlow.js backend in use, for example "wasm". */
  readonly backend: string;
  /**
   * Runs the plan's local steps from `model` (shape `[parameters]`, not changed). `batchSeed` decides the order of the
   * examples. Throws {@link ClientError} `diverged` when a weight is no longer finite; the signal's reason when aborted.
   */
  train(model: Float32Array, batchSeed: string, signal: AbortSignal): Promise<LocalUpdate>;
  /** Evaluates `model` on the site's hold-out. */
  evaluate(model: Float32Array, signal: AbortSignal): Promise<Evaluation>;
}
