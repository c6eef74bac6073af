/**
 * A program that measures model.fit of TensorFlow.js on its own WASM backend, without our kernels, on the model named, and
 * writes JSON.
 */
import { createRequire } from "node:module";
import { dirname, sep } from "node:path";
import type { Plan } from "@chorus/aggregation";
import { setWasmPaths } from "@tensorflow/tfjs-backend-wasm";
import { enableProdMode, oneHot, setBackend, tensor, train } from "@tensorflow/tfjs-core";
import { type LayersModel, models } from "@tensorflow/tfjs-layers";
import { askedModel, BATCH_SIZE, randomDigits } from "./models.ts";
import type { Impossible, StepCosts } from "./results.ts";
import { stepMs } from "./step-costs.ts";

async function stockCosts(plan: Plan): Promise<StepCosts | Impossible> {
  enableProdMode();
  const packageFile = createRequire(import.meta.url).resolve("@tensorflow/tfjs-backend-wasm");
  setWasmPaths(dirname(packageFile) + sep);
  await setBackend("wasm");
  const model = await models.modelFromJSON(topologyOf(plan));
  const metrics = ["accuracy"];
  model.compile({ optimizer: train.sgd(0.01), loss: "categoricalCrossentropy", metrics });
  try {
    return { totalMs: await stepMs((steps) => fit(model, steps)) };
  } catch (error) {
    // The kernels that it does not have: "Kernel 'Conv2DBackpropFilter' not registered for backend 'wasm'".
    return { impossible: error instanceof Error ? error.message : String(error) };
  }
}

/** The plan's model without orthogonal weights to begin with, which want more of TensorFlow.js than is installed here. */
function topologyOf({ model }: Plan): Parameters<typeof models.modelFromJSON>[0] {
  const layers = model.config.layers.map((layer) =>
    layer.class_name === "LSTM"
      ? { ...layer, config: { ...layer.config, recurrent_initializer: GLOROT } }
      : layer,
  );
  const topology: object = { ...model, config: { ...model.config, layers } };
  return topology as Parameters<typeof models.modelFromJSON>[0];
}

const GLOROT = { class_name: "GlorotUniform", config: {} };

const { features, labels, examples: known } = randomDigits();

async function fit(model: LayersModel, steps: number): Promise<void> {
  for (let left = steps * BATCH_SIZE; left > 0; left -= known) {
    const examples = Math.min(left, known);
    const x = tensor(features.subarray(0, 784 * examples), [examples, 28, 28]);
    const y = oneHot(tensor(labels.subarray(0, examples), [examples], "int32"), 10);
    await model.fit(x, y, { epochs: 1, batchSize: BATCH_SIZE, verbose: 0 });
    x.dispose();
    y.dispose();
  }
}

process.stdout.write(JSON.stringify(await stockCosts(askedModel())));
