import { readFileSync } from "node:fs";
import { parsePlan, layoutOf, initialModel } from "@chorus/aggregation";
import { loadDataset } from "../src/data/load.ts";
import { openBackend } from "../src/tfjs/backend.ts";
import { buildNetwork } from "../src/tfjs/network.ts";
import { openOptimizer } from "../src/tfjs/optimizer.ts";
import { Batches } from "../src/data/batches.ts";
import * as tf from "@tensorflow/tfjs-core";
import { setImmediate as im } from "node:timers/promises";
const s = new AbortController().signal;
const json = JSON.parse(readFileSync("cli/plans/mnist.json", "utf8"));
json.model.config.layers[1].config.units = Number(process.argv[2] ?? 32);
const plan = parsePlan(json);
const { dataset } = await loadDataset("/tmp/exp/mn", plan, s);
await openBackend(s);
const ik = tf.getKernel("Identity","wasm"); tf.unregisterKernel("Identity","wasm"); tf.registerKernel({...ik, kernelFunc: ({inputs,backend}: any) => { const x = inputs.x; backend.incRef(x.dataId); return {dataId: x.dataId, shape: x.shape, dtype: x.dtype}; }});
const net = await buildNetwork(plan); net.write(initialModel(layoutOf(plan.model), 1));
const opt = openOptimizer(plan.training.optimizer).optimizer; const B = new Batches(dataset, 32, "x"); const vars = [...net.variables];
const [w1, b1, w2, b2] = vars as [tf.Variable<tf.Rank.R2>, tf.Variable, tf.Variable<tf.Rank.R2>, tf.Variable];
const lrv = tf.scalar(0.1 / 32);
const oh = (l: Int32Array) => { const r = new Float32Array(l.length * 10); l.forEach((v, i) => { r[i * 10 + v] = 1; }); return tf.tensor2d(r, [l.length, 10]); };
const V: Record<string, () => unknown> = {
  "batch only": () => B.next(),
  "loop": () => { const b = B.next(); return tf.tidy(() => { const l = opt.minimize(() => net.loss(b, "x"), true, vars)!; return l.dataSync()[0]; }); },
  "loop + setImmediate": async () => { const b = B.next(); tf.tidy(() => { const l = opt.minimize(() => net.loss(b, "x"), true, vars)!; return l.dataSync()[0]; }); await im(); },
  "loss fwd only": () => { const b = B.next(); return tf.tidy(() => net.loss(b, "x").dataSync()[0]); },
  "variableGrads": () => { const b = B.next(); return tf.tidy(() => { tf.variableGrads(() => net.loss(b, "x"), vars); return 1; }); },
  "fused fwd minimize": () => { const b = B.next(); return tf.tidy(() => { const x = tf.tensor2d(b.features, [32, 784]); const l = opt.minimize(() => { const h = tf.fused.matMul({ a: x, b: w1, bias: b1, activation: "relu" }); const z = tf.fused.matMul({ a: h, b: w2, bias: b2 }); return tf.neg(tf.mean(tf.sum<tf.Tensor>(tf.mul(tf.logSoftmax(z), oh(b.labels)), 1))); }, true, vars)!; return l.dataSync()[0]; }); },
  "handwritten": () => { const b = B.next(); tf.tidy(() => { const x = tf.tensor2d(b.features, [32, 784]); const y = oh(b.labels);
    const h = tf.fused.matMul({ a: x, b: w1, bias: b1, activation: "relu" }); const z = tf.fused.matMul({ a: h, b: w2, bias: b2 }); const d = tf.sub(tf.softmax(z), y) as tf.Tensor2D; const dw2 = tf.matMul(h, d, true), db2 = tf.sum(d, 0); const dh = tf.mul(tf.matMul(d, w2, false, true), tf.step(h)) as tf.Tensor2D; const dw1 = tf.matMul(x, dh, true), db1 = tf.sum(dh, 0); w1.assign(tf.sub(w1, tf.mul(dw1, lrv))); b1.assign(tf.sub(b1, tf.mul(db1, lrv))); w2.assign(tf.sub(w2, tf.mul(dw2, lrv))); b2.assign(tf.sub(b2, tf.mul(db2, lrv))); }); },
};
const best: Record<string, number[]> = {};
for (let pass = 0; pass < 12; pass++) for (const [k, f] of Object.entries(V)) { if (pass === 0) for (let i = 0; i < 50; i++) await f(); const t = performance.now(); for (let i = 0; i < 50; i++) await f(); (best[k] ??= []).push((performance.now() - t) / 50); }
for (const [k, v] of Object.entries(best)) { v.sort((a, b) => a - b); console.log(k.padEnd(24), v[0]!.toFixed(3), v[6]!.toFixed(3)); }
