import type { ModelTopology } from "@chorus/aggregation";
import { depthwiseCnn, lenet5, lstm, mcmahanCnn, mlp, transformer } from "@chorus/aggregation/zoo";
import { beforeAll, expect, test } from "vitest";
import { emptyDataset } from "../../data/dataset.ts";
import { openBackend } from "../backend.ts";
import { imagePlan } from "../samples.test-support.ts";
import { OperationStepper } from "../stepper.ts";
import { openStepper } from "./open-stepper.ts";
import { listeningLog } from "./programs.test-support.ts";
import { StaticProgram } from "./static-program.ts";

beforeAll(() => openBackend(new AbortController().signal));

/** The smallest sides that all layers fit on. */
const SIZES = { side: 14, classes: 3 };

/** What trains a model, and the log. */
async function opened(model: ModelTopology) {
  const { log, told } = listeningLog();
  const plan = { ...imagePlan(mlp({ side: 4, classes: 3 }).config.layers), model };
  const batch = emptyDataset(4, [SIZES.side, SIZES.side]);
  for (const index of batch.features.keys()) batch.features[index] = Math.sin(index);
  batch.labels.set([0, 1, 2, 1]);
  return { stepper: await openStepper(plan, batch, log), told };
}

test.each([
  ["MLP", mlp(SIZES)],
  ["LeNet-5", lenet5(SIZES)],
  ["McMahan's CNN", mcmahanCnn(SIZES)],
  ["depthwise CNN", depthwiseCnn(SIZES)],
])("the zoo's %s trains by a static plan, and nothing is said", async (_, model) => {
  const { stepper, told } = await opened(model);
  using _stepper = stepper;
  expect(stepper).toBeInstanceOf(StaticProgram);
  expect(told).toEqual([]);
});

test.each([
  ["LSTM", lstm(SIZES), "layer 1 (LSTM) has no static plan"],
  ["transformer", transformer(SIZES), "a Functional model is not a sequence of layers"],
])("the zoo's %s trains by operations, and the log says why", async (_, model, unsupported) => {
  const { stepper, told } = await opened(model);
  using _stepper = stepper;
  expect(stepper).toBeInstanceOf(OperationStepper);
  const message = "TensorFlow.js trains, as there is no static plan for a layer";
  expect(told).toEqual([["info", { unsupported }, message]]);
});
