import { PlanError } from "../plan/plan-error.ts";
import type { Shape, TensorSpec } from "./layers/layer-kind.ts";
import { kindOf, type Layer, outputOf, tensorsOf } from "./layers/registry.ts";

/** A model as layers in the order in which an example passes them; the last one gives the output. */
export interface ModelGraph {
  /** Shape of an example, without the batch. */
  readonly input: Shape;
  /** One or more. */
  readonly layers: readonly GraphLayer[];
}

/** A layer with its name, what it takes and the shapes of one example before and after it. */
export interface GraphLayer {
  readonly layer: Layer;
  readonly name: string;
  /** Where the plan has it, as "model.config.layers.1", and its position there. */
  readonly path: string;
  readonly position: number;
  /** What it takes: 0 for the example, n for the output of the n-th of the graph's layers, from 1. */
  readonly sources: readonly number[];
  readonly inputs: readonly Shape[];
  readonly output: Shape;
  /** In the order in which tfjs-layers creates them. */
  readonly tensors: readonly TensorSpec[];
}

/** A layer to be added. */
export type NewLayer = Omit<GraphLayer, "inputs" | "output" | "tensors"> & {
  /** Where its name stands. */
  readonly namePath: string;
};

/** Makes a graph, layer by layer. */
export class GraphBuilder {
  readonly #input: Shape;
  readonly #layers: GraphLayer[] = [];
  readonly #sources = new Map<string, number>();

  /** `inputName`: how layers name the example, where they name it. */
  constructor(input: Shape, inputName?: string) {
    this.#input = input;
    if (inputName !== undefined) this.#sources.set(inputName, 0);
  }

  get graph(): ModelGraph {
    return { input: this.#input, layers: this.#layers };
  }

  /** What a layer of this name gives, as in {@link GraphLayer.sources}; undefined where there is none yet. */
  sourceOf(name: string): number | undefined {
    return this.#sources.get(name);
  }

  /**
   * Adds a layer after those that it takes. Throws {@link PlanError} `bad-plan` for a name that is taken, more or fewer
   * layers than its class takes and shapes that do not fit, `too-large` as {@link outputOf} does.
   */
  add({ namePath, ...added }: NewLayer): void {
    const { layer, name, path, sources } = added;
    if (this.#sources.has(name))
      throw new PlanError("bad-plan", namePath, `got "${name}" again, wanted a name of its own`);
    requireSources(layer, sources, path);
    const inputs = sources.map((source) => this.#shapeOf(source));
    const output = outputOf(layer, inputs, path);
    this.#layers.push({ ...added, inputs, output, tensors: tensorsOf(layer, inputs) });
    this.#sources.set(name, this.#layers.length);
  }

  #shapeOf(source: number): Shape {
    const shape = source === 0 ? this.#input : this.#layers[source - 1]?.output;
    if (shape === undefined) throw new Error(`there is no layer ${source} yet`);
    return shape;
  }
}

function requireSources(layer: Layer, sources: readonly number[], path: string): void {
  const { takes } = kindOf(layer);
  const { length } = sources;
  const problem = {
    one: length === 1 ? "" : "one layer before it",
    two: length === 2 ? "" : "two layers before it, which a Functional model says",
    several: length >= 2 ? "" : "two layers or more before it, which a Functional model says",
    example: length === 1 && sources[0] === 0 ? "" : "it as the first layer: it takes the example",
  }[takes];
  if (problem === "") return;
  throw new PlanError(
    "bad-plan",
    path,
    `got ${layer.class_name} after ${length} other${length === 1 ? "" : "s"}, wanted ${problem}`,
  );
}
