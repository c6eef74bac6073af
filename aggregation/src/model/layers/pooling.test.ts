import { expect, test } from "vitest";
import { outputOf } from "./registry.ts";

test.each([
  { layer: "AveragePooling2D", pool_size: [2, 2], shape: [3, 4, 1] },
  { layer: "AveragePooling2D", pool_size: [2, 2], shape: [4, 3, 1] },
  { layer: "AveragePooling1D", pool_size: [3], shape: [4, 1] },
] as const)("$layer of windows $pool_size over $shape would lie on padding", (row) => {
  const layer = { class_name: row.layer, config: { pool_size: row.pool_size, padding: "same" } };
  expect(() => outputOf(layer as Parameters<typeof outputOf>[0], [row.shape], "layer")).toThrow(
    'layer.config.padding: got "same"',
  );
});

test("means with windows that fit may say same, and maxima may lie on padding", () => {
  const config = { pool_size: [2, 2], padding: "same" } as const;
  const shape = [4, 4, 3];
  expect(outputOf({ class_name: "AveragePooling2D", config }, [shape], "layer")).toEqual([2, 2, 3]);
  expect(outputOf({ class_name: "MaxPooling2D", config }, [[3, 3, 3]], "layer")).toEqual([2, 2, 3]);
});
