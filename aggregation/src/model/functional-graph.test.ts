import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parsePlan } from "../plan/parse-plan.ts";
import { PlanError } from "../plan/plan-error.ts";
import { IMAGE_PLAN } from "../plan/sample-plans.ts";
import { leavesOf, objectsOf, type Path, replaced } from "../plan/tree.test-support.ts";
import { layoutOf } from "./layout.ts";
import type { FunctionalTopology, Layer } from "./topology.ts";

function node(name: string, sources: readonly string[], layer: Layer): object {
  return { ...layer, name, inbound_nodes: [sources.map((source) => [source, 0, 0, {}])] };
}

const LAYERS: readonly object[] = [
  {
    class_name: "InputLayer",
    name: "x",
    config: { batch_input_shape: [null, 4, 3], dtype: "float32", sparse: false, name: "x" },
    inbound_nodes: [],
  },
  node("a", ["x"], { class_name: "Dense", config: { units: 3 } }),
  node("sum", ["a", "x"], { class_name: "Add", config: {} }),
  node("flat", ["sum"], { class_name: "Flatten", config: {} }),
  node("y", ["flat"], { class_name: "Dense", config: { units: 3, activation: "softmax" } }),
];
const GRAPH = {
  class_name: "Model",
  config: {
    name: "residual",
    layers: LAYERS,
    input_layers: [["x", 0, 0]],
    output_layers: [["y", 0, 0]],
  },
  keras_version: "tfjs-layers 4.22.0",
  backend: "tensor_flow.js",
};

function parse(model: unknown): FunctionalTopology {
  return parsePlan({ ...IMAGE_PLAN, model }).model as FunctionalTopology;
}

function refusalOf(path: Path, value: unknown): PlanError {
  try {
    parse(replaced<unknown>(GRAPH, path, value));
  } catch (error) {
    if (error instanceof PlanError) return error;
    throw error;
  }
  throw new Error("the model was accepted");
}

test("a residual connection is read, without what an export adds, and its tensors follow the layers", () => {
  const model = parse(GRAPH);
  expect(model).toMatchObject({ class_name: "Functional" });
  expect(model).not.toHaveProperty("keras_version");
  expect(model.config.layers[0]?.config).toEqual({ batch_input_shape: [null, 4, 3] });
  expect(model.config.layers[2]?.inbound_nodes).toEqual([
    [
      ["a", 0, 0],
      ["x", 0, 0],
    ],
  ]);
  const shapes = layoutOf(model).tensors.map(({ name, shape }) => [name, shape]);
  expect(shapes).toEqual([
    ["a/kernel", [3, 3]],
    ["a/bias", [3]],
    ["y/kernel", [12, 3]],
    ["y/bias", [3]],
  ]);
  expect(parse(model)).toEqual(model);
});

test.each([[[null, 4, 3]], [[null, null]]])(
  "a layer that says of its input %j, as an export may, is the same without",
  (shape) => {
    const said = replaced<unknown>(GRAPH, ["config", "layers", "1", "config"], {
      units: 3,
      batch_input_shape: shape,
    });
    expect(parse(said)).toEqual(parse(GRAPH));
  },
);

describe("a graph is refused with its path:", () => {
  const dense = { class_name: "Dense", config: { units: 3 } } as const;
  test.each<[string, string, unknown, string, string]>([
    ["a cycle", "config.layers.1.inbound_nodes.0.0.0", "sum", "", "a layer further up"],
    ["an unknown layer", "config.layers.3.inbound_nodes.0.0.0", "b", "", "a layer further up"],
    ["two layers of one name", "config.layers.2.name", "a", "", "a name of its own"],
    ["a layer called as the input", "config.layers.1.name", "x", "", "a name of its own"],
    [
      "a layer that nothing takes",
      "config.layers.2",
      node("sum", ["x"], dense),
      "config.layers.1",
      "layers on the way to the last one only",
    ],
    ["an output that is not last", "config.output_layers.0.0", "sum", "config.output_layers", ""],
    ["another input", "config.input_layers.0.0", "a", "config.input_layers", 'InputLayer "x"'],
    [
      "two outputs",
      "config.output_layers",
      [
        ["y", 0, 0],
        ["a", 0, 0],
      ],
      "",
      "one layer",
    ],
    [
      "a shared layer",
      "config.layers.1.inbound_nodes",
      [[["x", 0, 0]], [["x", 0, 0]]],
      "",
      "one list of layers: a layer is used once",
    ],
    ["a second use", "config.layers.2.inbound_nodes.0.0.1", 1, "", "0: a layer is used once"],
    [
      "arguments",
      "config.layers.2.inbound_nodes.0.0.3",
      { training: true },
      "config.layers.2.inbound_nodes.0.0.3.training",
      "known keys only",
    ],
    [
      "a sum of one",
      "config.layers.2",
      node("sum", ["a"], { class_name: "Add", config: {} }),
      "",
      "two layers or more before it",
    ],
    [
      "a sum of two shapes",
      "config.layers.1.config.units",
      4,
      "config.layers.2",
      "[4, 4], as the first one has",
    ],
    [
      "a shape that the layer before does not give",
      "config.layers.1.config.batch_input_shape",
      [null, 999],
      "config.layers.1.config.batch_input_shape",
      "got [null, 999], wanted [null, 4, 3]",
    ],
    [
      "a shape that is none",
      "config.layers.1.config.batch_input_shape",
      "rubbish",
      "config.layers.1.config.batch_input_shape",
      "[null, size, ...]",
    ],
    [
      "a table that does not look up the example",
      "config.layers.2",
      node("sum", ["a"], { class_name: "Embedding", config: { input_dim: 3, output_dim: 3 } }),
      "config.layers.2",
      "it takes the example",
    ],
    [
      "two inputs",
      "config.layers.1",
      { ...LAYERS[0], name: "z", config: { batch_input_shape: [null, 2] } },
      "config.layers",
      "wanted one",
    ],
  ])("%s", (_, path, value, wantedPath, message) => {
    const error = refusalOf(path.split("."), value);
    expect(error.code).toBe("bad-plan");
    expect(error.path).toContain(wantedPath === "" ? path.slice(0, 15) : `model.${wantedPath}`);
    expect(error.message).toContain(message);
  });

  test("a name within a config is the layer's own", () => {
    const config = { units: 3, name: "b" };
    expect(refusalOf(["config", "layers", "1", "config"], config)).toMatchObject({
      path: "model.config.layers.1.config.name",
    });
  });
});

test("products of all rows with all rows count towards the largest example", () => {
  // 7072^2 is a little more than 50,000,000.
  const tooLarge = replaced<unknown>(
    GRAPH,
    ["config", "layers"],
    [
      { ...LAYERS[0], config: { batch_input_shape: [null, 7072, 1] } },
      node("dot", ["x", "x"], { class_name: "Dot", config: { axes: [2, 2] } }),
      node("flat", ["dot"], { class_name: "GlobalMaxPooling1D", config: {} }),
      node("y", ["flat"], { class_name: "Dense", config: { units: 3, activation: "softmax" } }),
    ],
  );
  expect(() => parse(tooLarge)).toThrow(expect.objectContaining({ code: "too-large" }));
});

test("whatever stands anywhere in a graph, it is read or refused as a plan is", () => {
  const paths = fc.constantFrom(...leavesOf(GRAPH), ...objectsOf(GRAPH));
  const known = fc.constantFrom<unknown>(0, 1, "x", "a", "y", null, [], {}, "Dense", "InputLayer");
  const values = fc.oneof(known, fc.jsonValue());
  const places = fc.array(fc.tuple(paths, values), { minLength: 1, maxLength: 3 });
  fc.assert(
    fc.property(places, (changes) => {
      const model = changes.reduce<unknown>(
        (tree, [path, value]) => (isThere(tree, path) ? replaced(tree, path, value) : tree),
        GRAPH,
      );
      try {
        parse(model);
      } catch (error) {
        if (!(error instanceof PlanError)) throw error;
      }
    }),
    { numRuns: 500 },
  );
});

/** Whether a change before has left the place of another. */
function isThere(tree: unknown, path: Path): boolean {
  const [key, ...rest] = path;
  if (key === undefined) return true;
  if (typeof tree !== "object" || tree === null || !Object.hasOwn(tree, key)) return false;
  return isThere((tree as Record<string, unknown>)[key], rest);
}
