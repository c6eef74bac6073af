/** What local training made of a model. */
export interface LocalUpdate {
  /** Trained model minus the given one. Shape `[parameters]`, all finite. */
  readonly delta: Float32Array;
  /** Training examples at this site, those held out not among them: the update's weight. */
  readonly examples: number;
  /** Mean loss over the round's batches, each before its step. */
  readonly meanLoss: number;
}

/** How a model does on a set of examples. */
export interface Evaluation {
  /** 0 where nothing is held out; the other numbers are 0 then. */
  readonly examples: number;
  /** Examples whose most likely class is the label. */
  readonly correct: number;
  /** Mean over the examples, finite. */
  readonly meanLoss: number;
}

/**
 * Trains and evaluates one plan's model on one site's data, which never leave it. One call at a time: both methods set
 * the model. Calls let the event loop turn between two batches, at least every 10 ms where a batch takes less.
 */
export interface Trainer extends Disposable {
  /** TensorFlow.js backend in use, for example "wasm". */
  readonly backend: string;
  /**
   * Runs the plan's local steps from `model` (shape `[parameters]`, not changed), with an optimiser that knows nothing
   * of earlier calls. `batchSeed` decides the order of the examples and all else that is random: on one machine the same
   * model and seed give the same update. Throws {@link ClientError}: `diverged` when a loss or a weight is no longer
   * finite, `wrong-model` for a model of another length; the signal's reason when aborted.
   */
  train(model: Float32Array, batchSeed: string, signal: AbortSignal): Promise<LocalUpdate>;
  /** Evaluates `model` on the site's hold-out. Throws as {@link Trainer.train} does. */
  evaluate(model: Float32Array, signal: AbortSignal): Promise<Evaluation>;
}
