import {
  layoutOf,
  type ModelLayout,
  modelGraph,
  type Plan,
  vocabularyOf,
} from "@chorus/aggregation";
import { type Scalar, type Tensor, tensor, tidy, type Variable } from "@tensorflow/tfjs-core";
import type { Dataset } from "../data/dataset.ts";
import { ClientError } from "../error.ts";
import { type Head, headOf } from "./head.ts";
import { buildLayers, type LayerGraph } from "./layer-graph.ts";
import { requireTokens } from "./tokens.ts";

/**
 * Builds a plan's model on the selected backend, up to the last layer's activation, with all weights 0. Throws
 * {@link PlanError} where {@link layoutOf} refuses it; {@link ClientError} `unsupported-layer` where TensorFlow.js does
 * and `wrong-model` when its tensors are not those of the layout.
 */
export async function buildNetwork(plan: Plan): Promise<Network> {
  const layout = layoutOf(plan.model);
  const layers = await buildLayers(modelGraph(plan.model));
  const network = new Network(layers, layout, headOf(plan), vocabularyOf(plan.model));
  const [got, wanted] = [shapesOf(network.variables), shapesOf(layout.tensors)];
  if (got === wanted) return network;
  network[Symbol.dispose]();
  throw new ClientError("wrong-model", `TensorFlow.js builds tensors ${got}, wanted ${wanted}`);
}

/** A model whose weights are exchanged as one flat vector. Owns its tensors: dispose it. */
export class Network implements Disposable {
  readonly layout: ModelLayout;
  /** The model's tensors, in the layout's order. */
  readonly variables: readonly Variable[];
  readonly #layers: LayerGraph;
  readonly #head: Head;
  readonly #vocabulary: number | undefined;

  /** Takes the layers over. `vocabulary`: see {@link vocabularyOf}. */
  constructor(layers: LayerGraph, layout: ModelLayout, head: Head, vocabulary: number | undefined) {
    this.layout = layout;
    this.variables = layers.variables;
    this.#layers = layers;
    this.#head = head;
    this.#vocabulary = vocabulary;
  }

  /**
   * Sets all weights, on the selected backend. `model`: shape `[parameters]`, not changed. Throws {@link ClientError}
   * `wrong-model` for another length.
   */
  write(model: Float32Array): void {
    const { tensors, parameters } = this.layout;
    if (model.length !== parameters) {
      throw new ClientError(
        "wrong-model",
        `the model has ${model.length} parameters, wanted ${parameters}`,
      );
    }
    tidy(() => {
      for (const [index, { offset, size, shape }] of tensors.entries()) {
        const values = tensor(model.subarray(offset, offset + size), [...shape], "float32");
        this.variables[index]?.assign(values);
      }
    });
  }

  /** A copy of all weights, shape `[parameters]`. */
  async read(): Promise<Float32Array> {
    const model = new Float32Array(this.layout.parameters);
    const values = await Promise.all(this.variables.map((variable) => variable.data()));
    for (const [index, { offset }] of this.layout.tensors.entries()) {
      model.set(values[index] ?? [], offset);
    }
    return model;
  }

  /**
   * Mean loss of a batch in training. `dropoutSeed` decides what the dropout layers leave out: the same seed, the same
   * values. To be called inside tidy. Throws {@link ClientError} `bad-data` for numbers that the model's tables do not have.
   */
  loss(batch: Dataset, dropoutSeed: string | undefined): Scalar {
    return this.#head.loss(this.#logits(batch, dropoutSeed), batch.labels);
  }

  /** Mean loss of a batch with nothing left out, and how many of its examples are classified as labelled. */
  async evaluate(batch: Dataset): Promise<{ readonly loss: number; readonly correct: number }> {
    const results = tidy(() => {
      const logits = this.#logits(batch, undefined);
      return [this.#head.loss(logits, batch.labels), this.#head.correct(logits, batch.labels)];
    });
    const [loss = Number.NaN, correct = Number.NaN] = await Promise.all(results.map(numberOf));
    for (const result of results) result.dispose();
    return { loss, correct };
  }

  [Symbol.dispose](): void {
    this.#layers[Symbol.dispose]();
  }

  /** The last layer's output before its activation, shape `[examples, units]`. */
  #logits({ examples, features, featureShape }: Dataset, dropoutSeed: string | undefined): Tensor {
    if (this.#vocabulary !== undefined) requireTokens(features, this.#vocabulary);
    const inputs = tensor(features, [examples, ...featureShape], "float32");
    return this.#layers.apply(inputs, dropoutSeed);
  }
}

/** The value of a tensor of one element. */
async function numberOf(scalar: Scalar): Promise<number> {
  const [value = Number.NaN] = await scalar.data();
  return value;
}

function shapesOf(tensors: readonly { readonly shape: readonly number[] }[]): string {
  return tensors.map(({ shape }) => `[${shape.join(", ")}]`).join(" ");
}
