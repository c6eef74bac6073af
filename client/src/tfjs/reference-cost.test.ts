import { expect, test } from "vitest";
import { classifier, type LayerClass, node } from "./models.test-support.ts";
import { referenceMs } from "./reference-cost.ts";

const image = { kernel_size: [3, 3], padding: "same" };

// What plain JavaScript took for the gradient of one example, on one core of a server, rounded.
test.each<readonly [LayerClass, object, readonly number[], number]>([
  ["Conv2D", { filters: 32, ...image }, [48, 48, 32], 5500],
  ["Conv2DTranspose", { filters: 8, kernel_size: [4, 4], strides: [2, 2] }, [32, 32, 8], 300],
  ["DepthwiseConv2D", image, [64, 64, 16], 200],
  ["SeparableConv2D", { filters: 16, ...image }, [32, 32, 16], 130],
  ["Conv1D", { filters: 32, kernel_size: [5], padding: "same" }, [512, 16], 300],
  ["MaxPooling2D", { pool_size: [8, 8], strides: [1, 1] }, [64, 64, 8], 450],
  ["Dense", { units: 256 }, [256, 256], 200],
  ["Dense", { units: 2000 }, [2000], 90],
  ["LSTM", { units: 64 }, [256, 16], 650],
  ["Embedding", { input_dim: 2000, output_dim: 32 }, [64], 700],
  ["LayerNormalization", {}, [64, 64, 8], 70],
  ["Dot", { axes: [2, 2] }, [512, 512], 3000],
])(
  "%s of %o over %o is taken for what it takes, by a factor of three",
  (name, config, shape, ms) => {
    const sources = name === "Dot" ? ["example", "example"] : ["example"];
    const found = referenceMs(classifier(shape, [node(name, config, "layer", sources)]));
    expect(found).toBeGreaterThan(ms / 3);
    expect(found).toBeLessThan(3 * ms);
  },
);
