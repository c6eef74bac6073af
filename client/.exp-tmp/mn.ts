import { readFileSync } from "node:fs";
import { parsePlan, layoutOf, initialModel } from "@chorus/aggregation";
import { loadDataset } from "../src/data/load.ts";
import { createTrainer } from "../src/tfjs/trainer.ts";
import { memory, engine } from "@tensorflow/tfjs-core";
const s = new AbortController().signal;
const json = JSON.parse(readFileSync("cli/plans/mnist.json", "utf8"));
json.model.config.layers[1].config.units = Number(process.argv[2] ?? 32);
if (process.argv[3] === "adam") json.training.optimizer = { kind: "adam", learningRate: 0.001 };
if (process.argv[3] === "momentum") json.training.optimizer.momentum = 0.9;
const plan = parsePlan(json);
let t = performance.now();
const { dataset } = await loadDataset("/tmp/exp/mn", plan, s); console.log("load", performance.now() - t); t = performance.now();
using tr = await createTrainer({ plan, dataset, localSteps: 300 }, s); console.log("create", performance.now() - t);
let m = initialModel(layoutOf(plan.model), plan.seed);
for (let r = 0; r < 6; r++) { t = performance.now(); const c = process.cpuUsage(); const u = await tr.train(m, `r${r}`, s); const w = performance.now() - t; const cc = process.cpuUsage(c); m = m.map((v, i) => v + u.delta[i]!); t = performance.now(); const e = await tr.evaluate(m, s); console.log((w / 300).toFixed(3), "ms/step cpu", ((cc.user + cc.system) / 300e3).toFixed(3), u.meanLoss.toFixed(3), e.correct / e.examples, "eval ms", (performance.now() - t).toFixed(1), memory().numTensors, (engine().registry["wasm"] as any).wasm.HEAPU8.length); }
