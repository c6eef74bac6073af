import {
  type FunctionalTopology,
  type LayerConfigs,
  type ModelTopology,
  modelGraph,
  type Plan,
  PlanError,
  parsePlan,
} from "@chorus/aggregation";
import { HIDDEN_LAYER, imagePlan } from "./samples.test-support.ts";

export type LayerClass = keyof LayerConfigs;
type Graph = FunctionalTopology["config"]["layers"];
type NamedLayer = Exclude<Graph[number], { readonly class_name: "InputLayer" }>;

/** A plan that trains a model on IDX files of so many classes. */
export function planOf(
  model: ModelTopology,
  classes: number,
  training: Partial<Plan["training"]> = {},
): Plan {
  const plan = imagePlan(HIDDEN_LAYER, training);
  return parsePlan({ ...plan, model, data: { format: "idx", classes, scale: 1 } });
}

/** Examples of a shape through layers, of which the last is called "layer", to two classes where the layers fit. */
export function classifier(
  shape: readonly number[],
  layers: readonly NamedLayer[],
): FunctionalTopology {
  const open = graph(shape, layers, "layer");
  const values = outputValues(open);
  if (values === undefined) return open;
  const flat = node("Reshape", { target_shape: [values] }, "flat", ["layer"]);
  const classes = node("Dense", { units: 2, activation: "softmax" }, "classes", ["flat"]);
  return graph(shape, [...layers, flat, classes], "classes");
}

function outputValues(model: FunctionalTopology): number | undefined {
  try {
    const output = modelGraph(model).layers.at(-1)?.output;
    return output?.reduce((product, size) => product * size, 1);
  } catch (error) {
    if (error instanceof PlanError) return undefined;
    throw error;
  }
}

function graph(
  shape: readonly number[],
  layers: readonly NamedLayer[],
  output: string,
): FunctionalTopology {
  const input = {
    class_name: "InputLayer",
    name: "example",
    config: { batch_input_shape: [null, ...shape] },
    inbound_nodes: [],
  } as const;
  return {
    class_name: "Functional",
    config: {
      name: "classifier",
      layers: [input, ...layers],
      input_layers: [["example", 0, 0]],
      output_layers: [[output, 0, 0]],
    },
  };
}

/** A layer of a graph, after others. */
export function node(
  className: LayerClass,
  config: object,
  name = "layer",
  sources: readonly string[] = ["example"],
): NamedLayer {
  const inbound_nodes = [sources.map((source) => [source, 0, 0])];
  return { class_name: className, config, name, inbound_nodes } as unknown as NamedLayer;
}
