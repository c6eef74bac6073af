import { readFileSync } from "node:fs";
import { parsePlan, layoutOf, initialModel } from "@chorus/aggregation";
import { loadDataset } from "../src/data/load.ts";
import { createTrainer } from "../src/tfjs/trainer.ts";
import { checkBackend } from "../src/tfjs/self-test.ts";
import { memory } from "@tensorflow/tfjs-core";
const s = new AbortController().signal;
const plan = parsePlan(readFileSync("cli/plans/heart-disease.json", "utf8"));
for (const h of ["cleveland", "hungarian", "switzerland", "va"]) {
  const t = performance.now();
  const { dataset, droppedRows } = await loadDataset(`../shared/data/heart-disease/${h}.csv`, plan, s);
  console.log(h, dataset.examples, droppedRows, (performance.now() - t).toFixed(0));
  using tr = await createTrainer({ plan, dataset }, s);
  let m = initialModel(layoutOf(plan.model), plan.seed);
  for (let r = 0; r < 5; r++) { const u = await tr.train(m, `r${r}`, s); m = m.map((v, i) => v + u.delta[i]!); console.log(u.meanLoss.toFixed(3), JSON.stringify(await tr.evaluate(m, s)), memory().numTensors); }
}
console.log(memory().numTensors, process.listenerCount("uncaughtException"), process.listenerCount("unhandledRejection"));
const mn = parsePlan(readFileSync("cli/plans/mnist.json", "utf8"));
let t = performance.now(); console.log(await checkBackend(mn, s), performance.now() - t);
t = performance.now(); console.log(await checkBackend(mn, s), performance.now() - t);
