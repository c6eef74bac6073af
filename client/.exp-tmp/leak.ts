import * as tf from "@tensorflow/tfjs-core";
import { openBackend } from "../src/tfjs/backend.ts";
import { openOptimizer } from "../src/tfjs/optimizer.ts";
await openBackend(new AbortController().signal);
const n = () => tf.memory().numTensors;
console.log("start", n());
const x = tf.tidy(() => tf.variable(tf.tensor1d([1]))); console.log("var", n());
{ using r = openOptimizer({ kind: "sgd", learningRate: 0.1, momentum: 0 }); console.log("opt", n());
for (let i = 0; i < 3; i++) { tf.tidy(() => { r.optimizer.minimize(() => tf.sum<tf.Scalar>(tf.squaredDifference(x, 4)), true, [x]); }); console.log("step", n()); } }
console.log("opt gone", n()); x.dispose(); console.log("x gone", n());
