import {
  exampleShape,
  type Layer,
  layoutOf,
  type ModelLayout,
  type Plan,
} from "@chorus/aggregation";

/** A model as the few operations that are computed without TensorFlow.js. Numbers of values are for one example. */
export interface LoweredModel {
  readonly layout: ModelLayout;
  readonly inputs: number;
  readonly operations: readonly Operation[];
  /** Values of the last operation: the logits. */
  readonly outputs: number;
}

/** One operation, from the output of the one before. */
export type Operation = DenseOperation | ReluOperation | DropoutOperation;

/** [inputs] x [inputs, outputs] + bias, then relu where `isRelu`. */
export interface DenseOperation {
  readonly kind: "dense";
  readonly inputs: number;
  readonly outputs: number;
  /** Offsets in the flat model; no bias where undefined. */
  readonly kernel: number;
  readonly bias: number | undefined;
  readonly isRelu: boolean;
}

/** The positive part. */
export interface ReluOperation {
  readonly kind: "relu";
  readonly inputs: number;
  readonly outputs: number;
}

/** In training, leaves out a share `rate`, in (0, 1), of the values. */
export interface DropoutOperation {
  readonly kind: "dropout";
  readonly inputs: number;
  readonly outputs: number;
  readonly rate: number;
  /** Position among the model's layers, which names its random numbers. */
  readonly layer: number;
}

/** Why a model is none of {@link LoweredModel}: the layer, by its class and position, and what of it. */
export interface Unsupported {
  readonly unsupported: string;
}

/**
 * Translates a plan's model up to the last layer's activation, which belongs to the loss. Throws {@link PlanError} where
 * {@link layoutOf} refuses it.
 */
export function lowerModel(plan: Plan): LoweredModel | Unsupported {
  const layout = layoutOf(plan.model);
  const inputs = exampleShape(plan).reduce((product, length) => product * length, 1);
  const lowering = new Lowering(layout, inputs);
  const { layers } = plan.model.config;
  for (const [index, layer] of layers.entries()) {
    const problem = lowering.add(layer, index, index === layers.length - 1);
    if (problem === undefined) continue;
    return { unsupported: `layer ${index + 1} (${layer.class_name}) has ${problem}` };
  }
  return { layout, inputs, operations: lowering.operations, outputs: lowering.width };
}

/** Translates layer by layer. */
class Lowering {
  readonly operations: Operation[] = [];
  readonly #layout: ModelLayout;
  /** Values of an example so far. */
  width: number;
  #usedTensors = 0;

  constructor(layout: ModelLayout, inputs: number) {
    this.#layout = layout;
    this.width = inputs;
  }

  /** Returns what the layer has that cannot be translated. */
  add(layer: Layer, index: number, isLast: boolean): string | undefined {
    switch (layer.class_name) {
      case "Flatten":
        return undefined;
      case "Dense":
        this.#addDense(layer.config.units, layer.config.use_bias !== false);
        return isLast ? undefined : this.#activate(layer.config.activation ?? "linear");
      case "Activation":
        return isLast ? undefined : this.#activate(layer.config.activation);
      case "Dropout":
        this.#addDropout(layer.config.rate, index);
        return undefined;
      default:
        return unknownLayer(layer);
    }
  }

  #addDense(units: number, hasBias: boolean): void {
    const kernel = this.#takeTensor();
    const bias = hasBias ? this.#takeTensor() : undefined;
    const operation = { kind: "dense", inputs: this.width, outputs: units, isRelu: false } as const;
    this.operations.push({ ...operation, kernel, bias });
    this.width = units;
  }

  #addDropout(rate: number, layer: number): void {
    if (rate === 0) return;
    this.operations.push({ kind: "dropout", inputs: this.width, outputs: this.width, rate, layer });
  }

  #activate(activation: string): string | undefined {
    if (activation === "linear") return undefined;
    if (activation !== "relu") return `the activation ${activation}`;
    const last = this.operations.at(-1);
    if (last?.kind === "dense") {
      this.operations.splice(-1, 1, { ...last, isRelu: true });
    } else {
      this.operations.push({ kind: "relu", inputs: this.width, outputs: this.width });
    }
    return undefined;
  }

  /** Offset of the layout's next tensor: they come in the order of the layers. */
  #takeTensor(): number {
    const tensor = this.#layout.tensors[this.#usedTensors];
    if (tensor === undefined) throw new Error(`the layout has ${this.#usedTensors} tensors only`);
    this.#usedTensors++;
    return tensor.offset;
  }
}

/** For layers that a plan may have some day. */
function unknownLayer(_layer: never): string {
  return "a class that is not known here";
}
