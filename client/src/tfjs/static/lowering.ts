import type { Layer, LayerOf, ModelLayout } from "@chorus/aggregation";
import { convolutionWindow, poolWindow, type Window } from "../kernels/window.ts";
import type { ActivationOperation, Operation, PoolOperation } from "./operations.ts";

type TrainedLayer = LayerOf<"Dense" | "Conv2D" | "DepthwiseConv2D" | "SeparableConv2D">;

/** What convolutions have in common. */
type WindowConfig = Pick<
  LayerOf<"Conv2D">["config"],
  "kernel_size" | "strides" | "padding" | "use_bias"
>;

/** Activations that have a stage. */
const STATIC_ACTIVATIONS: readonly ActivationOperation["kind"][] = ["relu", "tanh", "sigmoid"];

/** Translates a model layer by layer. */
export class Lowering {
  readonly operations: Operation[] = [];
  readonly #layout: ModelLayout;
  /** Of an example after the layers so far. */
  #shape: readonly number[];
  #usedTensors = 0;

  /** `shape`: of an example before the first layer. */
  constructor(layout: ModelLayout, shape: readonly number[]) {
    this.#layout = layout;
    this.#shape = shape;
  }

  /** Values of an example so far. */
  get width(): number {
    return this.#shape.reduce((product, length) => product * length, 1);
  }

  /**
   * Adds a layer that fits behind those before it. The last one's activation is left out. Returns what the layer has that
   * cannot be translated.
   */
  add(layer: Layer, index: number, isLast: boolean): string | undefined {
    switch (layer.class_name) {
      case "Flatten":
        this.#shape = [this.width];
        return undefined;
      case "Reshape":
        this.#shape = layer.config.target_shape;
        return undefined;
      case "Dropout":
        this.#addDropout(layer.config.rate, index);
        return undefined;
      case "Activation":
        return isLast ? undefined : this.#activate(layer.config.activation);
      case "Dense":
      case "Conv2D":
      case "DepthwiseConv2D":
      case "SeparableConv2D":
        return (
          this.#addTrained(layer) ?? (isLast ? undefined : this.#activate(layer.config.activation))
        );
      default:
        return this.#addPooling(layer);
    }
  }

  #addTrained(layer: TrainedLayer): string | undefined {
    switch (layer.class_name) {
      case "Dense":
        return this.#addDense(layer);
      case "Conv2D":
        return this.#addConv2d(layer.config, layer.config.filters);
      case "DepthwiseConv2D":
        return this.#addDepthwise(layer.config, layer.config.use_bias);
      case "SeparableConv2D":
        this.#addDepthwise(layer.config, false);
        return this.#addConv2d(
          { use_bias: layer.config.use_bias ?? true, kernel_size: [1, 1] },
          layer.config.filters,
        );
    }
  }

  #addDense({ config }: LayerOf<"Dense">): string | undefined {
    if (this.#shape.length !== 1) return `an input of shape [${this.#shape.join(", ")}]`;
    const weights = this.#takeWeights(config.use_bias);
    const inputs = this.width;
    this.#shape = [config.units];
    this.operations.push({ kind: "dense", inputs, outputs: config.units, ...weights });
    return undefined;
  }

  #addConv2d(config: WindowConfig, filters: number): undefined {
    const filterShape = [...config.kernel_size, this.#shape.at(-1) ?? 0, filters];
    const window = this.#windowOf(config, filterShape, false);
    const weights = this.#takeWeights(config.use_bias);
    this.operations.push({ kind: "conv2d", ...this.#passWindow(window), ...weights });
  }

  #addDepthwise(
    config: LayerOf<"DepthwiseConv2D">["config"],
    hasBias: boolean | undefined,
  ): undefined {
    const { kernel_size, depth_multiplier = 1 } = config;
    const filterShape = [...kernel_size, this.#shape.at(-1) ?? 0, depth_multiplier];
    const window = this.#windowOf(config, filterShape, true);
    const weights = this.#takeWeights(hasBias);
    this.operations.push({ kind: "depthwise", ...this.#passWindow(window), ...weights });
  }

  #windowOf(
    { strides = [1, 1], padding = "valid" }: WindowConfig,
    filterShape: readonly number[],
    isDepthwise: boolean,
  ): Window {
    const attributes = { strides: [...strides] as [number, number], pad: padding };
    return convolutionWindow("static plan", this.#image, filterShape, attributes, isDepthwise);
  }

  #addPooling(layer: Layer): string | undefined {
    switch (layer.class_name) {
      case "MaxPooling2D":
        return this.#addPool("maxPool", layer.config);
      case "AveragePooling2D":
        return this.#addPool("averagePool", layer.config);
      case "GlobalMaxPooling2D":
        return this.#addGlobalPool("maxPool");
      case "GlobalAveragePooling2D":
        return this.#addGlobalPool("averagePool");
      default:
        return "no static plan";
    }
  }

  #addGlobalPool(kind: PoolOperation["kind"]): undefined {
    const [height = 0, width = 0, channels = 0] = this.#shape;
    this.#addPool(kind, { pool_size: [height, width] });
    this.#shape = [channels];
  }

  #addPool(
    kind: PoolOperation["kind"],
    { pool_size, strides = pool_size, padding = "valid" }: LayerOf<"MaxPooling2D">["config"],
  ): undefined {
    const window = poolWindow(kind, this.#image, {
      filterSize: [...pool_size] as [number, number],
      strides: [...strides] as [number, number],
      pad: padding,
    });
    this.operations.push({ kind, ...this.#passWindow(window) });
  }

  #addDropout(rate: number, layer: number): void {
    const width = this.width;
    if (rate === 0) return;
    this.operations.push({ kind: "dropout", inputs: width, outputs: width, rate, layer });
  }

  #activate(activation = "linear"): string | undefined {
    if (activation === "linear") return undefined;
    const kind = STATIC_ACTIVATIONS.find((known) => known === activation);
    if (kind === undefined) return `the activation ${activation}`;
    const last = this.operations.at(-1);
    if (kind === "relu" && last !== undefined && "isRelu" in last) {
      this.operations.splice(-1, 1, { ...last, isRelu: true });
    } else {
      this.operations.push({ kind, inputs: this.width, outputs: this.width });
    }
    return undefined;
  }

  /** The shape of one image. */
  get #image(): readonly number[] {
    return [1, ...this.#shape];
  }

  /** An operation's window and widths; leaves its output behind as the shape. */
  #passWindow(window: Window): Pick<PoolOperation, "window" | "inputs" | "outputs"> {
    const inputs = this.width;
    this.#shape = window.outShape.slice(1);
    return { window, inputs, outputs: this.width };
  }

  /** Offsets of the kernel and the bias, which is there unless `hasBias` is false. */
  #takeWeights(hasBias = true): { kernel: number; bias: number | undefined; isRelu: boolean } {
    const kernel = this.#takeTensor();
    return { kernel, bias: hasBias ? this.#takeTensor() : undefined, isRelu: false };
  }

  /** Offset of the layout's next tensor: they come in the order of the layers. */
  #takeTensor(): number {
    const tensor = this.#layout.tensors[this.#usedTensors];
    if (tensor === undefined) throw new Error(`the layout has ${this.#usedTensors} tensors only`);
    this.#usedTensors++;
    return tensor.offset;
  }
}
