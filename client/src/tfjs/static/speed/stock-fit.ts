/** A program that measures model.fit of TensorFlow.js on its own WASM backend, without our kernels, and writes JSON. */
import { createRequire } from "node:module";
import { dirname, sep } from "node:path";
import { setWasmPaths } from "@tensorflow/tfjs-backend-wasm";
import { enableProdMode, setBackend, tensor, train } from "@tensorflow/tfjs-core";
import { layers, sequential } from "@tensorflow/tfjs-layers";
import { BATCH_SIZE, randomDigits } from "./digits.ts";
import { type StepCosts, stepMs } from "./step-costs.ts";

async function stockCosts(): Promise<StepCosts> {
  enableProdMode();
  const packageFile = createRequire(import.meta.url).resolve("@tensorflow/tfjs-backend-wasm");
  setWasmPaths(dirname(packageFile) + sep);
  await setBackend("wasm");
  const { features, labels } = randomDigits();
  const model = sequential({
    layers: [
      layers.flatten({ inputShape: [28, 28] }),
      layers.dense({ units: 200, activation: "relu" }),
      layers.dense({ units: 10, activation: "softmax" }),
    ],
  });
  model.compile({
    optimizer: train.sgd(0.01),
    loss: "categoricalCrossentropy",
    metrics: ["accuracy"],
  });
  const fit = async (steps: number) => {
    const examples = steps * BATCH_SIZE;
    const x = tensor(features.subarray(0, 784 * examples), [examples, 28, 28]);
    const rows = new Float32Array(10 * examples);
    for (let row = 0; row < examples; row++) rows[10 * row + (labels[row] ?? 0)] = 1;
    const y = tensor(rows, [examples, 10]);
    await model.fit(x, y, { epochs: 1, batchSize: BATCH_SIZE, verbose: 0 });
    x.dispose();
    y.dispose();
  };
  return { totalMs: await stepMs(fit, 16) };
}

process.stdout.write(JSON.stringify(await stockCosts()));
