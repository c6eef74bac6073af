import type { Layer } from "./layers/registry.ts";

/** A model in the JSON of tfjs-layers, limited to layers whose gradients are right on every backend. */
export type ModelTopology = SequentialTopology | FunctionalTopology;

/** Layers in a row. */
export interface SequentialTopology {
  readonly class_name: "Sequential";
  readonly config: {
    readonly name: string;
    /** 1 to 100, in the order in which an example passes them. */
    readonly layers: readonly Layer[];
  };
}

/** A graph of layers with one input and one output. */
export interface FunctionalTopology {
  readonly class_name: "Functional";
  readonly config: {
    readonly name: string;
    /** 2 to 200, each after the layers that it takes; the last one gives the output. */
    readonly layers: readonly (InputLayer | NamedLayer)[];
    readonly input_layers: readonly [LayerReference];
    readonly output_layers: readonly [LayerReference];
  };
}

/** The example. */
export interface InputLayer {
  readonly class_name: "InputLayer";
  readonly name: string;
  readonly config: { readonly batch_input_shape: readonly [null, ...number[]] };
  readonly inbound_nodes: readonly [];
}

/** A layer, used once, and the layers that it takes, in order. */
export type NamedLayer = Layer & {
  readonly name: string;
  readonly inbound_nodes: readonly [readonly LayerReference[]];
};

/** A layer's name, its only use and its only output. */
export type LayerReference = readonly [name: string, use: 0, output: 0];

export type { Layer, LayerClass, LayerConfigs, LayerOf } from "./layers/registry.ts";
