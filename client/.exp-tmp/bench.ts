import * as tf from "@tensorflow/tfjs-core";
import * as tfl from "@tensorflow/tfjs-layers";
import "@tensorflow/tfjs-backend-wasm";
import "@tensorflow/tfjs-backend-cpu";
await tf.setBackend("wasm");
console.log(tf.getBackend(), process.listenerCount("uncaughtException"), process.listenerCount("unhandledRejection"));
const units = Number(process.argv[2] ?? 32), B = Number(process.argv[3] ?? 32);
const topo = (act: string) => ({ class_name: "Sequential", config: { name: "mlp", layers: [ {class_name:"Flatten",config:{batch_input_shape:[null,28,28]}}, {class_name:"Dense",config:{units,activation:"relu"}}, {class_name:"Dense",config:{units:10,activation:act}} ] } });
const N = 2048;
const xs = tf.randomUniform([N, 28, 28], 0, 1, "float32", 1);
const lab = new Int32Array(N).map((_, i) => (i * 7919) % 10);
const ys = tf.tidy(() => tf.cast(tf.oneHot(tf.tensor1d(lab, "int32"), 10), "float32") as tf.Tensor2D);
let cursor = 0;
const nextIdx = () => { const a = new Int32Array(B); for (let i = 0; i < B; i++) a[i] = (cursor = (cursor * 1103515245 + 12345) % N + N) % N; return a; };
async function timeit(name: string, f: () => void | Promise<unknown>) {
  for (let i = 0; i < 30; i++) await f();
  const w: number[] = []; const n0 = tf.memory().numTensors;
  for (let b = 0; b < 8; b++) { const t = performance.now(); for (let i = 0; i < 40; i++) await f(); w.push((performance.now() - t) / 40); }
  w.sort((a, b) => a - b);
  console.log(name.padEnd(52), "best", w[0].toFixed(3), "med", w[4].toFixed(3), "leak", tf.memory().numTensors - n0);
}
const X = xs.dataSync() as Float32Array, Y = ys.dataSync() as Float32Array; const bx = new Float32Array(B * 784), by = new Float32Array(B * 10);
const up = (f: (x: tf.Tensor3D, y: tf.Tensor2D) => void) => tf.tidy(() => { const i = nextIdx(); for (let r = 0; r < B; r++) { const k = i[r]!; bx.set(X.subarray(k * 784, k * 784 + 784), r * 784); by.set(Y.subarray(k * 10, k * 10 + 10), r * 10); } f(tf.tensor3d(bx, [B, 28, 28]), tf.tensor2d(by, [B, 10])); });
const build = async (act: string) => (await tfl.models.modelFromJSON(topo(act) as never)) as tfl.Sequential;
async function suite(tag: string) {
  {
    const m = await build("softmax"); const o = tf.train.sgd(0.1);
    m.compile({ optimizer: o, loss: "categoricalCrossentropy" });
    await timeit(tag + "fit (epoch of batch slice)", async () => { const x = tf.slice(xs, [0,0,0],[B,28,28]); const y = tf.slice(ys,[0,0],[B,10]); await m.fit(x, y, { epochs: 1, batchSize: B, verbose: 0, yieldEvery: "never" }); x.dispose(); y.dispose(); });
    await timeit(tag + "trainOnBatch", async () => { const x = tf.slice(xs, [0,0,0],[B,28,28]); const y = tf.slice(ys,[0,0],[B,10]); await m.trainOnBatch(x, y); x.dispose(); y.dispose(); });
    const gat = (f: (x: tf.Tensor, y: tf.Tensor2D) => void) => tf.tidy(() => { const i = tf.tensor1d(nextIdx(), "int32"); f(tf.gather(xs, i), tf.gather(ys, i) as tf.Tensor2D); });
    await timeit(tag + "minimize softmax + metrics CE", () => gat((x, y) => { o.minimize(() => tf.tidy(() => tf.mean(tfl.metrics.categoricalCrossentropy(y, m.apply(x, { training: true }) as tf.Tensor) as tf.Tensor) as tf.Scalar)); }));
    const l = await build("linear");
    await timeit(tag + "minimize logits (model.apply) + softmaxCE", () => gat((x, y) => { o.minimize(() => tf.losses.softmaxCrossEntropy(y, l.apply(x, { training: true }) as tf.Tensor)); }));
    await timeit(tag + "minimize logits (layer loop) + softmaxCE", () => gat((x, y) => { o.minimize(() => { let h: tf.Tensor = x; for (const layer of l.layers) h = layer.apply(h, { training: true }) as tf.Tensor; return tf.losses.softmaxCrossEntropy(y, h); }); }));
    await timeit(tag + "  + loss dataSync", () => { const c = tf.tidy(() => { const i = tf.tensor1d(nextIdx(), "int32"); const x = tf.gather(xs, i), y = tf.gather(ys, i) as tf.Tensor2D; return o.minimize(() => { let h: tf.Tensor = x; for (const layer of l.layers) h = layer.apply(h, { training: true }) as tf.Tensor; return tf.losses.softmaxCrossEntropy(y, h); }, true)!; }); c.dataSync(); c.dispose(); });
    await timeit(tag + "UP only", () => up(() => {}));
    await timeit(tag + "UP minimize softmax + metrics CE", () => up((x, y) => { o.minimize(() => tf.tidy(() => tf.mean(tfl.metrics.categoricalCrossentropy(y, m.apply(x, { training: true }) as tf.Tensor) as tf.Tensor) as tf.Scalar)); }));
    await timeit(tag + "UP minimize logits (layer loop)", () => up((x, y) => { o.minimize(() => { let h: tf.Tensor = x; for (const layer of l.layers) h = layer.apply(h, { training: true }) as tf.Tensor; return tf.losses.softmaxCrossEntropy(y, h); }); }));
    await timeit(tag + "UP minimize logits (layer loop) own CE", () => up((x, y) => { o.minimize(() => { let h: tf.Tensor = x; for (const layer of l.layers) h = layer.apply(h, { training: true }) as tf.Tensor; return tf.neg(tf.div(tf.sum(tf.mul(y, tf.logSoftmax(h))), B)) as tf.Scalar; }); }));
    await timeit(tag + "UP forward only layer loop", () => up((x) => { let h: tf.Tensor = x; for (const layer of l.layers) h = layer.apply(h, { training: true }) as tf.Tensor; }));
    const flat = tf.reshape(xs,[N,784]);
    const W = l.getWeights().map((w) => tf.variable(w.clone())); const [w1, b1, w2, b2] = W as [tf.Variable<tf.Rank.R2>, tf.Variable, tf.Variable<tf.Rank.R2>, tf.Variable];
    await timeit(tag + "minimize fused.matMul + softmaxCE", () => tf.tidy(() => { const i = tf.tensor1d(nextIdx(), "int32"); const x = tf.gather(flat, i) as tf.Tensor2D, y = tf.gather(ys, i) as tf.Tensor2D; o.minimize(() => { const h = tf.fused.matMul({ a: x, b: w1, bias: b1, activation: "relu" }); const z = tf.fused.matMul({ a: h, b: w2, bias: b2 }); return tf.losses.softmaxCrossEntropy(y, z); }, false, W); }));
    // handwritten
    const lr = tf.scalar(0.1 / B);
    await timeit(tag + "UP minimize fused + softmaxCE", () => up((x3, y) => { const x = tf.reshape(x3,[B,784]) as tf.Tensor2D; o.minimize(() => { const h = tf.fused.matMul({ a: x, b: w1, bias: b1, activation: "relu" }); const z = tf.fused.matMul({ a: h, b: w2, bias: b2 }); return tf.losses.softmaxCrossEntropy(y, z); }, false, W); }));
    await timeit(tag + "UP handwritten", () => up((x3, y) => { const x = tf.reshape(x3,[B,784]) as tf.Tensor2D; const h = tf.fused.matMul({ a: x, b: w1, bias: b1, activation: "relu" }); const z = tf.fused.matMul({ a: h, b: w2, bias: b2 }); const d = tf.sub(tf.softmax(z), y) as tf.Tensor2D; const dw2 = tf.matMul(tf.transpose(h), d), db2 = tf.sum(d, 0); const dh = tf.mul(tf.matMul(d, tf.transpose(w2)), tf.step(h)) as tf.Tensor2D; const dw1 = tf.matMul(tf.transpose(x), dh), db1 = tf.sum(dh, 0); w1.assign(tf.sub(w1, tf.mul(dw1, lr))); b1.assign(tf.sub(b1, tf.mul(db1, lr))); w2.assign(tf.sub(w2, tf.mul(dw2, lr))); b2.assign(tf.sub(b2, tf.mul(db2, lr))); }));
    await timeit(tag + "handwritten fwd+bwd", () => tf.tidy(() => {
      const i = tf.tensor1d(nextIdx(), "int32"); const x = tf.gather(flat, i) as tf.Tensor2D, y = tf.gather(ys, i) as tf.Tensor2D;
      const h = tf.fused.matMul({ a: x, b: w1, bias: b1, activation: "relu" }); const z = tf.fused.matMul({ a: h, b: w2, bias: b2 });
      const d = tf.sub(tf.softmax(z), y) as tf.Tensor2D;
      const dw2 = tf.matMul(tf.transpose(h), d), db2 = tf.sum(d, 0);
      const dh = tf.mul(tf.matMul(d, tf.transpose(w2)), tf.step(h)) as tf.Tensor2D;
      const dw1 = tf.matMul(tf.transpose(x), dh), db1 = tf.sum(dh, 0);
      w1.assign(tf.sub(w1, tf.mul(dw1, lr))); b1.assign(tf.sub(b1, tf.mul(db1, lr))); w2.assign(tf.sub(w2, tf.mul(dw2, lr))); b2.assign(tf.sub(b2, tf.mul(db2, lr)));
    }));
    await timeit(tag + "gather only", () => gat(() => {}));
    await timeit(tag + "forward only layers", () => gat((x) => { l.apply(x); }));
    const ad = tf.train.adam(0.001);
    await timeit(tag + "adam minimize logits", () => gat((x, y) => { ad.minimize(() => tf.losses.softmaxCrossEntropy(y, l.apply(x, { training: true }) as tf.Tensor)); }));
  }
}
await suite("stock ");
// override kernel
const stock = tf.getKernel("BatchMatMul", "wasm"); const tr = tf.getKernel("Transpose", "wasm");
tf.unregisterKernel("BatchMatMul", "wasm");
tf.registerKernel({ ...stock, kernelFunc: (args: any) => {
  const { inputs, backend, attrs } = args; let { a, b } = inputs; const { transposeA, transposeB } = attrs; const drop: any[] = [];
  const flip = (t: any) => { const r = t.shape.length; const perm = [...Array(r).keys()]; [perm[r - 1], perm[r - 2]] = [perm[r - 2]!, perm[r - 1]!]; const o = tr.kernelFunc({ inputs: { x: t }, backend, attrs: { perm } } as any) as any; drop.push(o); return o; };
  if (transposeA) a = flip(a); if (transposeB) b = flip(b);
  const out = stock.kernelFunc({ inputs: { a, b }, backend, attrs: { transposeA: false, transposeB: false } } as any);
  for (const d of drop) backend.disposeData(d.dataId); return out; } });
await suite("flip  ");
