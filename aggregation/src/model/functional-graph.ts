import { PlanError } from "../plan/plan-error.ts";
import { GraphBuilder, type ModelGraph } from "./graph-builder.ts";
import type { Shape } from "./layers/layer-kind.ts";
import type { FunctionalTopology, InputLayer, NamedLayer } from "./topology.ts";

const LAYERS = "model.config.layers";

/**
 * The example's shape with the batch, and where it stands. Throws {@link PlanError} `bad-plan` unless there is one
 * InputLayer, which is the model's input.
 */
export function inputLayerOf({ config }: FunctionalTopology): {
  readonly batchShape: InputLayer["config"]["batch_input_shape"];
  readonly path: string;
} {
  const inputs = config.layers.flatMap((layer, position) =>
    layer.class_name === "InputLayer" ? [{ layer, position }] : [],
  );
  const [first] = inputs;
  if (first === undefined || inputs.length > 1)
    throw new PlanError("bad-plan", LAYERS, `got ${inputs.length} InputLayers, wanted one`);
  const [[name]] = config.input_layers;
  if (name !== first.layer.name)
    throw new PlanError(
      "bad-plan",
      "model.config.input_layers",
      `got "${name}", wanted the InputLayer "${first.layer.name}"`,
    );
  const path = `${LAYERS}.${first.position}.config.batch_input_shape`;
  return { batchShape: first.layer.config.batch_input_shape, path };
}

/**
 * The graph of a model whose example has this shape. Throws {@link PlanError} `bad-plan` for layers that do not come
 * after those that they take, that nothing takes, or that do not fit together; `too-large` as {@link GraphBuilder} does.
 */
export function functionalGraph({ config }: FunctionalTopology, input: Shape): ModelGraph {
  const builder = new GraphBuilder(input, config.input_layers[0][0]);
  for (const [position, layer] of config.layers.entries()) {
    if (layer.class_name === "InputLayer") continue;
    const { name } = layer;
    const path = `${LAYERS}.${position}`;
    requireOneName(layer, path);
    const sources = sourcesOf(layer, builder, path);
    builder.add({ layer, name, namePath: `${path}.name`, path, position, sources });
    requireShape(layer, builder.graph, path);
  }
  requireUse(builder.graph);
  requireOutput(config.output_layers[0][0], builder.graph);
  return builder.graph;
}

function requireOneName({ name, config }: NamedLayer, path: string): void {
  if (config.name === undefined) return;
  throw new PlanError(
    "bad-plan",
    `${path}.config.name`,
    `got "${config.name}", wanted the layer's name, "${name}", or nothing`,
  );
}

/** A layer of a graph may say the shape that it takes, as some exports do: it is another layer's. */
function requireShape({ config }: NamedLayer, { layers }: ModelGraph, path: string): void {
  const [wanted] = layers.at(-1)?.inputs ?? [];
  const [, ...got] = config.batch_input_shape ?? [null, ...(wanted ?? [])];
  if (got.join() === wanted?.join()) return;
  throw new PlanError(
    "bad-plan",
    `${path}.config.batch_input_shape`,
    `got [null, ${got.join(", ")}], wanted [null, ${wanted?.join(", ")}], which the layer before gives, or nothing`,
  );
}

function sourcesOf(layer: NamedLayer, builder: GraphBuilder, path: string): readonly number[] {
  return layer.inbound_nodes[0].map(([name], index) => {
    const source = builder.sourceOf(name);
    if (source !== undefined) return source;
    throw new PlanError(
      "bad-plan",
      `${path}.inbound_nodes.0.${index}`,
      `got "${name}", wanted the name of a layer further up`,
    );
  });
}

function requireUse({ layers }: ModelGraph): void {
  const used = new Set(layers.flatMap(({ sources }) => sources));
  const dead = layers.find((_, index) => index < layers.length - 1 && !used.has(index + 1));
  if (dead === undefined) return;
  throw new PlanError(
    "bad-plan",
    dead.path,
    `got "${dead.name}", which nothing takes, wanted layers on the way to the last one only`,
  );
}

function requireOutput(name: string, { layers }: ModelGraph): void {
  const last = layers.at(-1);
  if (last === undefined) throw new Error("a graph has layers");
  if (last.name === name) return;
  throw new PlanError(
    "bad-plan",
    "model.config.output_layers",
    `got "${name}", wanted the last layer, "${last.name}"`,
  );
}
