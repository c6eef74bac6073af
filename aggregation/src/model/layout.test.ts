import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { PlanError } from "../plan/plan-error.ts";
import { layoutOf } from "./layout.ts";
import type { Layer, ModelTopology } from "./topology.ts";

function modelOf(...layers: readonly Layer[]): ModelTopology {
  return { class_name: "Sequential", config: { name: "model", layers } };
}

function dense(
  units: number,
  config: Partial<Layer["config"]> & { use_bias?: boolean } = {},
): Layer {
  return { class_name: "Dense", config: { units, ...config } };
}

function flatten(...shape: readonly number[]): Layer {
  const config = shape.length === 0 ? {} : { batch_input_shape: [null, ...shape] as const };
  return { class_name: "Flatten", config };
}

function refusal(...layers: readonly Layer[]): PlanError {
  try {
    layoutOf(modelOf(...layers));
  } catch (error) {
    if (error instanceof PlanError) return error;
    throw error;
  }
  throw new Error("the model was accepted");
}

test("kernels are [in, out], biases [out], in the order of the layers", () => {
  const dropout: Layer = { class_name: "Dropout", config: { rate: 0.5 } };
  const relu: Layer = { class_name: "Activation", config: { activation: "relu" } };
  const layout = layoutOf(
    modelOf(
      flatten(4, 3),
      dense(5, { name: "hidden" }),
      relu,
      dropout,
      dense(2, { use_bias: false }),
      dense(3),
    ),
  );
  const tensors = layout.tensors.map(({ name, shape, offset, size }) => ({
    name,
    shape,
    offset,
    size,
  }));
  expect({ ...layout, tensors }).toEqual({
    tensors: [
      { name: "hidden/kernel", shape: [12, 5], offset: 0, size: 60 },
      { name: "hidden/bias", shape: [5], offset: 60, size: 5 },
      { name: "dense_5/kernel", shape: [5, 2], offset: 65, size: 10 },
      { name: "dense_6/kernel", shape: [2, 3], offset: 75, size: 6 },
      { name: "dense_6/bias", shape: [3], offset: 81, size: 3 },
    ],
    parameters: 84,
  });
});

test("tensors tile the flat model without gaps, and their names are their own", () => {
  const units = fc.array(fc.tuple(fc.integer({ min: 1, max: 50 }), fc.boolean()), {
    minLength: 1,
    maxLength: 8,
  });
  const shapes = fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 2, maxLength: 4 });
  fc.assert(
    fc.property(units, shapes, (layers, shape) => {
      const { tensors, parameters } = layoutOf(
        modelOf(
          flatten(...shape),
          ...layers.map(([width, use_bias]) => dense(width, { use_bias })),
        ),
      );
      let end = 0;
      for (const tensor of tensors) {
        expect(tensor.offset).toBe(end);
        expect(tensor.size).toBe(tensor.shape.reduce((product, size) => product * size, 1));
        end += tensor.size;
      }
      expect(end).toBe(parameters);
      expect(new Set(tensors.map(({ name }) => name)).size).toBe(tensors.length);
    }),
  );
});

describe("layers that do not fit together are refused with their path:", () => {
  test.each<[string, Layer[], string]>([
    ["a first layer without a shape", [dense(3)], "model.config.layers.0.config.batch_input_shape"],
    [
      "a second shape",
      [flatten(2, 2), dense(3, { batch_input_shape: [null, 4] })],
      "model.config.layers.1.config.batch_input_shape",
    ],
    [
      "two layers of one name",
      [flatten(2, 2), dense(3, { name: "a" }), dense(3, { name: "a" })],
      "model.config.layers.2.config.name",
    ],
    [
      "a name that another layer has by position",
      [flatten(2, 2), dense(3, { name: "dense_3" }), dense(3)],
      "model.config.layers.2",
    ],
    [
      "an order of dimensions that are not there",
      [
        dense(3, { batch_input_shape: [null, 4] }),
        { class_name: "Permute", config: { dims: [1, 3] } },
      ],
      "model.config.layers.1.config.dims",
    ],
    ["Flatten of one dimension", [flatten(2, 2), flatten()], "model.config.layers.1"],
    [
      "an output without a Functional model",
      [flatten(4, 2), { class_name: "Add", config: {} }],
      "model.config.layers.1",
    ],
    ["nothing to train", [flatten(2, 2)], "model.config.layers"],
  ])("%s", (_, layers, path) => {
    expect(refusal(...layers)).toMatchObject({ code: "bad-plan", path });
  });
});

describe("a model beyond 50 000 000 values is refused before anything is built:", () => {
  test.each<[string, Layer[], string]>([
    [
      "an example",
      [flatten(50_000_000, 50_000_000, 50_000_000, 50_000_000), dense(1)],
      "model.config.layers.0.config.batch_input_shape",
    ],
    ["a kernel", [flatten(70, 100), dense(7143)], "model.config.layers.1.config.units"],
    ["all tensors together", [flatten(50, 100), dense(5000), dense(5000)], "model.config.layers"],
  ])("%s", (_, layers, path) => {
    expect(refusal(...layers)).toMatchObject({ code: "too-large", path });
  });

  test("exactly 50 000 000 are accepted", () => {
    const layout = layoutOf(modelOf(flatten(50, 100), dense(10_000, { use_bias: false })));
    expect(layout.parameters).toBe(50_000_000);
  });
});
