import { expect, test } from "vitest";
import { layoutOf } from "./layout.ts";
import type { ModelTopology } from "./topology.ts";
import { topologySchema } from "./topology-schema.ts";
import {
  depthwiseCnn,
  lenet5,
  logisticRegression,
  lstm,
  mcmahanCnn,
  mlp,
  transformer,
} from "./zoo.ts";

test.each<[string, ModelTopology, number]>([
  ["logistic regression", logisticRegression(13, 2), 13 * 2 + 2],
  ["the MLP", mlp(), 159_010],
  ["LeNet-5", lenet5(), 61_706],
  // Source: McMahan et al. 2017, section 3: "1,663,370 total parameters".
  ["McMahan's CNN", mcmahanCnn(), 1_663_370],
  ["the depthwise CNN", depthwiseCnn(), 2_570],
  ["the LSTM", lstm(), 4 * (28 * 64 + 64 * 64 + 64) + 650],
  ["the transformer", transformer(), 14_774],
])("%s has the parameters that its description says, and a plan may have it", (_, model, count) => {
  expect(layoutOf(model).parameters).toBe(count);
  expect(topologySchema.parse(model)).toEqual(model);
});
