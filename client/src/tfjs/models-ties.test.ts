import { initialModel } from "@chorus/aggregation";
import { tidy } from "@tensorflow/tfjs-core";
import { beforeAll, expect, test } from "vitest";
import { emptyDataset } from "../data/dataset.ts";
import { onBackend, openBackend } from "./backend.ts";
import { classifier, node, planOf } from "./models.test-support.ts";
import { buildNetwork } from "./network.ts";
import { gradient, SELF_TEST_SEED } from "./self-test.ts";

beforeAll(() => openBackend(new AbortController().signal));

const BACKENDS = ["wasm", "cpu"] as const;

test.each([
  { layer: "GlobalMaxPooling1D", shape: [12, 1], config: {} },
  { layer: "GlobalMaxPooling2D", shape: [3, 4, 1], config: {} },
  { layer: "MaxPooling2D", shape: [3, 4, 1], config: { pool_size: [3, 4] } },
  { layer: "MaxPooling1D", shape: [12, 1], config: { pool_size: [12] } },
] as const)(
  "$layer of a blank example, where all values are the largest, has the gradient of one of them",
  async ({ layer, shape, config }) => {
    const before = node("Dense", { units: 2 }, "before");
    const plan = planOf(classifier(shape, [before, node(layer, config, "layer", ["before"])]), 2);
    using network = await buildNetwork(plan);
    const start = initialModel(network.layout, 1);
    const blank = emptyDataset(1, shape);
    blank.features.fill(1);
    const lossAt = (model: Float32Array): number => {
      network.write(model);
      return tidy(() => network.loss(blank, SELF_TEST_SEED).dataSync()[0] ?? Number.NaN);
    };
    for (const backend of BACKENDS) {
      const found = await onBackend(backend, () => gradient(network, start, blank));
      for (const [index, slope] of found.entries()) {
        const ahead = start.with(index, (start[index] ?? 0) + 1e-2);
        const behind = start.with(index, (start[index] ?? 0) - 1e-2);
        expect(Math.abs((lossAt(ahead) - lossAt(behind)) / 2e-2 - slope)).toBeLessThan(1e-3);
      }
    }
  },
);
