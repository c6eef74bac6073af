import { expect, test } from "vitest";
import { PlanError } from "../../plan/plan-error.ts";
import type { Shape } from "./layer-kind.ts";
import { type Layer, outputOf } from "./registry.ts";

/** The output of a layer with these keys over one shape, or where and how it is refused. */
function outcome(className: string, config: object, shape: Shape): unknown {
  try {
    return outputOf({ class_name: className, config } as unknown as Layer, [shape], "layer");
  } catch (error) {
    if (error instanceof PlanError) return `${error.code} ${error.path}`;
    throw error;
  }
}

const same = { padding: "same" } as const;

test.each<[string, object, Shape, unknown]>([
  ["MaxPooling2D", { pool_size: [9, 2], ...same }, [4, 4, 1], "bad-plan layer.config.pool_size"],
  ["MaxPooling2D", { pool_size: [2, 5e7], ...same }, [4, 4, 1], "bad-plan layer.config.pool_size"],
  ["MaxPooling2D", { pool_size: [8, 8], ...same }, [4, 4, 1], [1, 1, 1]],
  ["MaxPooling1D", { pool_size: [21], ...same }, [10, 1], "bad-plan layer.config.pool_size"],
  ["MaxPooling1D", { pool_size: [20], ...same }, [10, 1], [1, 1]],
  [
    "Conv2D",
    { filters: 1, kernel_size: [9, 1], ...same },
    [4, 4, 1],
    "bad-plan layer.config.kernel_size",
  ],
  ["Conv2D", { filters: 1, kernel_size: [3, 3], ...same }, [1, 1, 1], [1, 1, 1]],
  [
    "DepthwiseConv2D",
    { kernel_size: [1, 9], ...same },
    [4, 4, 1],
    "bad-plan layer.config.kernel_size",
  ],
  [
    "Conv1D",
    { filters: 1, kernel_size: [9], ...same },
    [4, 1],
    "bad-plan layer.config.kernel_size",
  ],
  [
    "Conv2DTranspose",
    { filters: 1, kernel_size: [17, 1], strides: [2, 2], ...same },
    [4, 4, 1],
    "bad-plan layer.config.kernel_size",
  ],
  [
    "Conv2DTranspose",
    { filters: 1, kernel_size: [16, 1], strides: [2, 2], ...same },
    [4, 4, 1],
    [8, 8, 1],
  ],
])(
  "%s with %j over %j: a window with padding is at most twice its input, or 8",
  (className, config, shape, wanted) => {
    expect(outcome(className, config, shape)).toEqual(wanted);
  },
);

test.each<[string, object, Shape, unknown]>([
  ["LayerNormalization", {}, [2, 3, 4], [2, 3, 4]],
  ["LayerNormalization", {}, [2, 3, 4, 5], "bad-plan layer"],
  ["LayerNormalization", {}, [4, 1], "bad-plan layer"],
  ["LSTM", { units: 1 }, [1024, 1], [1]],
  ["LSTM", { units: 1 }, [1025, 1], "too-large layer"],
  ["SimpleRNN", { units: 1 }, [1, 1], "bad-plan layer"],
  // 51 million values of 51 filters whose kernels are small.
  ["Conv2D", { filters: 51, kernel_size: [1, 1] }, [1000, 1000, 1], "too-large layer.config"],
  ["Conv1D", { filters: 51, kernel_size: [1] }, [1_000_000, 1], "too-large layer.config"],
  [
    "Conv2DTranspose",
    { filters: 51, kernel_size: [1, 1] },
    [1000, 1000, 1],
    "too-large layer.config",
  ],
  [
    "DepthwiseConv2D",
    { depth_multiplier: 51, kernel_size: [1, 1] },
    [1000, 1000, 1],
    "too-large layer.config",
  ],
  [
    "SeparableConv2D",
    { filters: 51, kernel_size: [1, 1] },
    [1000, 1000, 1],
    "too-large layer.config.filters",
  ],
])("%s with %j over %j is taken up to its limit", (className, config, shape, wanted) => {
  expect(outcome(className, config, shape)).toEqual(wanted);
});
