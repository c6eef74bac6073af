import {
  type Layer,
  layoutOf,
  type ModelLayout,
  type ModelTopology,
  type Plan,
} from "@chorus/aggregation";
import { dropout, type Scalar, type Tensor, tensor, tidy, Variable } from "@tensorflow/tfjs-core";
import { models, type Sequential } from "@tensorflow/tfjs-layers";
import type { Dataset } from "../data/dataset.ts";
import { ClientError } from "../error.ts";
import { type Head, headOf } from "./head.ts";

/**
 * Builds a plan's model on the selected backend, up to the last layer's activation, with all weights 0. Throws
 * {@link PlanError} where {@link layoutOf} refuses it; {@link ClientError} `unsupported-layer` where TensorFlow.js does
 * and `wrong-model` when its tensors are not those of the layout.
 */
export async function buildNetwork(plan: Plan): Promise<Network> {
  const layout = layoutOf(plan.model);
  const topology = trainingTopology(plan.model);
  const sequential = await models.modelFromJSON(topology).catch((cause: unknown) => {
    throw new ClientError("unsupported-layer", "TensorFlow.js does not build the plan's model", {
      cause,
    });
  });
  const network = new Network(
    sequential as Sequential,
    plan.model.config.layers,
    layout,
    headOf(plan),
  );
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
  readonly #sequential: Sequential;
  readonly #layers: readonly Layer[];
  readonly #head: Head;

  constructor(sequential: Sequential, layers: readonly Layer[], layout: ModelLayout, head: Head) {
    this.layout = layout;
    this.variables = sequential.getWeights().filter((weight) => weight instanceof Variable);
    this.#sequential = sequential;
    this.#layers = layers;
    this.#head = head;
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
  read(): Float32Array {
    const model = new Float32Array(this.layout.parameters);
    for (const [index, { offset }] of this.layout.tensors.entries()) {
      model.set(this.variables[index]?.dataSync() ?? [], offset);
    }
    return model;
  }

  /**
   * Mean loss of a batch in training. `dropoutSeed` decides what the dropout layers leave out: the same seed, the same
   * values. To be called inside tidy.
   */
  loss(batch: Dataset, dropoutSeed: string): Scalar {
    return this.#head.loss(this.#logits(batch, dropoutSeed), batch.labels);
  }

  /** Mean loss of a batch with nothing left out, and how many of its examples are classified as labelled. */
  evaluate(batch: Dataset): { readonly loss: number; readonly correct: number } {
    return tidy(() => {
      const logits = this.#logits(batch, undefined);
      const loss = numberOf(this.#head.loss(logits, batch.labels));
      return { loss, correct: numberOf(this.#head.correct(logits, batch.labels)) };
    });
  }

  [Symbol.dispose](): void {
    this.#sequential.dispose();
  }

  /** The last layer's output before its activation, shape `[examples, units]`. */
  #logits({ examples, features, featureShape }: Dataset, dropoutSeed: string | undefined): Tensor {
    const inputs = tensor(features, [examples, ...featureShape], "float32");
    return this.#layers.reduce((values, layer, index) => {
      // A layer with one input has one output.
      if (layer.class_name !== "Dropout")
        return this.#sequential.layers[index]?.apply(values) as Tensor;
      if (dropoutSeed === undefined) return values;
      // The library's own dropout layer draws from Math.random, or with a seed the same values every time.
      return dropout(values, layer.config.rate, undefined, `${dropoutSeed}/${index}`);
    }, inputs);
  }
}

/** The value of a tensor of one element. */
export function numberOf(scalar: Scalar): number {
  return scalar.dataSync()[0] ?? Number.NaN;
}

/** What tfjs-layers reads a model from. */
type LayersJson = Parameters<typeof models.modelFromJSON>[0];

/** The topology without the last activation, which belongs to the loss, and without drawing weights that are overwritten. */
function trainingTopology(model: ModelTopology): LayersJson {
  const layers = model.config.layers.map((layer, index) => {
    const isLast = index === model.config.layers.length - 1;
    return {
      class_name: layer.class_name,
      config: {
        ...layer.config,
        ...(layer.class_name === "Dense" ? ZERO_WEIGHTS : {}),
        ...(isLast ? { activation: "linear" } : {}),
      },
    };
  });
  const topology: object = { ...model, config: { ...model.config, layers } };
  return topology as LayersJson;
}

const ZERO_WEIGHTS = { kernel_initializer: { class_name: "Zeros", config: {} } };

function shapesOf(tensors: readonly { readonly shape: readonly number[] }[]): string {
  return tensors.map(({ shape }) => `[${shape.join(", ")}]`).join(" ");
}
