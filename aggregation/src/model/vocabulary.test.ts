import { expect, test } from "vitest";
import type { FunctionalTopology, ModelTopology } from "./topology.ts";
import { vocabularyOf } from "./vocabulary.ts";

function tables(...sizes: readonly number[]): ModelTopology {
  const layers = sizes.map((input_dim, index) => ({
    class_name: "Embedding",
    name: `table_${index}`,
    config: { input_dim, output_dim: 2 },
    inbound_nodes: [[["x", 0, 0]]],
  }));
  const sum = {
    class_name: "Add",
    name: "sum",
    config: {},
    inbound_nodes: [layers.map(({ name }) => [name, 0, 0])],
  };
  const input = {
    class_name: "InputLayer",
    name: "x",
    config: { batch_input_shape: [null, 4] },
    inbound_nodes: [],
  };
  const config = {
    name: "tables",
    layers: [input, ...layers, sum],
    input_layers: [["x", 0, 0]],
    output_layers: [["sum", 0, 0]],
  };
  return { class_name: "Functional", config: config as unknown as FunctionalTopology["config"] };
}

test("numbers are in all tables of a model that are below the smallest one's size", () => {
  expect(vocabularyOf(tables(9, 5))).toBe(5);
  expect(vocabularyOf(tables(5, 9))).toBe(5);
});

test("a model without tables takes any number", () => {
  const dense = {
    class_name: "Dense",
    config: { batch_input_shape: [null, 4], units: 2 },
  } as const;
  const model: ModelTopology = { class_name: "Sequential", config: { name: "m", layers: [dense] } };
  expect(vocabularyOf(model)).toBeUndefined();
});
