import type { z } from "zod";
import type { InputLayer, Layer, NamedLayer } from "./topology.ts";

/** An InputLayer as an export has it. */
export interface ExportedInput {
  readonly class_name: "InputLayer";
  readonly config: InputLayer["config"] & { readonly dtype?: "float32" | "int32" };
}

type Issues = Pick<z.core.$RefinementCtx<unknown>, "issues">;

const WHOLE_NUMBERS = '"float32": examples are float32, but for Embedding layers';

/** Layers in a row as a plan has them: an InputLayer says the shape of the layer after it. */
export function rowOf(layers: readonly (ExportedInput | Layer)[], context: Issues): Layer[] {
  const [input] = layers;
  const row = layers.filter((layer) => layer.class_name !== "InputLayer");
  const [first, ...rest] = row;
  const isFirst = input?.class_name === "InputLayer";
  if (first === undefined || layers.length - row.length > (isFirst ? 1 : 0)) {
    refuse(context, layers, [], "an InputLayer first and once, or none, and a layer");
    return [];
  }
  if (!isFirst) return withSoftmax(row);
  if (first.config.batch_input_shape !== undefined)
    refuse(context, layers, [1, "config", "batch_input_shape"], "it on the InputLayer only");
  if (input.config.dtype === "int32" && first.class_name !== "Embedding")
    refuse(context, layers, [0, "config", "dtype"], WHOLE_NUMBERS);
  const { batch_input_shape } = input.config;
  return withSoftmax([withShape(first, batch_input_shape), ...rest]);
}

/** Layers of a graph as a plan has them. */
export function graphOf(
  layers: readonly ((ExportedInput & InputLayer) | NamedLayer)[],
  context: Issues,
): (InputLayer | NamedLayer)[] {
  for (const [position, layer] of layers.entries()) {
    if (layer.class_name !== "InputLayer" || layer.config.dtype !== "int32") continue;
    const isRead = (other: (typeof layers)[number]) =>
      other.class_name !== "InputLayer" &&
      other.inbound_nodes[0].some(([name]) => name === layer.name);
    if (layers.filter(isRead).every(({ class_name }) => class_name === "Embedding")) continue;
    refuse(context, layers, [position, "config", "dtype"], WHOLE_NUMBERS);
  }
  return withSoftmax(layers.map(withoutType));
}

function withShape(layer: Layer, batch_input_shape: InputLayer["config"]["batch_input_shape"]) {
  return { ...layer, config: { ...layer.config, batch_input_shape } } as Layer;
}

function withoutType<L extends ExportedInput | NamedLayer>(layer: L): L {
  if (layer.class_name !== "InputLayer") return layer;
  const { batch_input_shape } = layer.config;
  return { ...layer, config: { batch_input_shape } };
}

/** A Softmax layer at the end is the activation that the loss wants, and has its name as a plan writes it. */
function withSoftmax<L extends InputLayer | Layer>(layers: readonly L[]): L[] {
  const last = layers.at(-1);
  if (last?.class_name !== "Softmax") return [...layers];
  const { axis = 1, ...config } = last.config;
  if (axis !== 1 && axis !== -1) return [...layers];
  const activation = {
    ...last,
    class_name: "Activation",
    config: { ...config, activation: "softmax" },
  };
  return [...layers.slice(0, -1), activation as unknown as L];
}

function refuse({ issues }: Issues, input: unknown, path: PropertyKey[], message: string): void {
  issues.push({ code: "custom", input, path, message });
}
