/** Softmax with cross-entropy. The functions of the compiler's library are not used: they keep tables in memory. */
import { FLOAT } from "./simd";

/**
 * logitsGradient = (softmax(logits) - one at the label) * scale; returns the sum of the rows' losses, -log(probability of
 * the label). `logits`, `logitsGradient`: shape `[rows, classes]`; `labels`: int32, `[rows]`, from 0 to classes - 1. May be
 * in place.
 */
export function softmaxCrossEntropy(
  logits: usize,
  labels: usize,
  logitsGradient: usize,
  rows: usize,
  classes: usize,
  scale: f32,
): f64 {
  const bytes = classes * FLOAT;
  let loss: f64 = 0;
  for (; rows > 0; rows--, logits += bytes, logitsGradient += bytes, labels += 4) {
    const label = <usize>load<u32>(labels) * FLOAT;
    const chosen = load<f32>(logits + label);
    let largest: f32 = -Infinity;
    for (let at: usize = 0; at < bytes; at += FLOAT) {
      largest = max<f32>(largest, load<f32>(logits + at));
    }
    let sum: f32 = 0;
    for (let at: usize = 0; at < bytes; at += FLOAT) {
      const power = exponential(load<f32>(logits + at) - largest);
      store<f32>(logitsGradient + at, power);
      sum += power;
    }
    loss += logarithm(sum) - <f64>(chosen - largest);
    const factor = scale / sum;
    for (let at: usize = 0; at < bytes; at += FLOAT) {
      store<f32>(logitsGradient + at, load<f32>(logitsGradient + at) * factor);
    }
    store<f32>(logitsGradient + label, load<f32>(logitsGradient + label) - scale);
  }
  return loss;
}

/** e^x for x <= 0 or NaN; 0 below -87.3. Polynomial: Cephes expf (Moshier 1992). */
function exponential(x: f32): f32 {
  if (x < -87.3) return 0;
  const power = floor<f32>(x * <f32>Math.LOG2E + 0.5);
  // ln 2 in two parts, the first of which times an integer is exact.
  const rest = x - power * 0.693359375 + power * 2.1219444e-4;
  let series: f32 = 1.98756915e-4;
  series = series * rest + 1.3981999507e-3;
  series = series * rest + 8.3334519073e-3;
  series = series * rest + 4.1665795894e-2;
  series = series * rest + 1.6666665459e-1;
  series = series * rest + 5.0000001201e-1;
  series = series * rest * rest + rest + 1;
  return series * reinterpret<f32>((<i32>power + 127) << 23);
}

/** ln x for x >= 1 or NaN, by the series of the inverse hyperbolic tangent. */
function logarithm(x: f64): f64 {
  if (!(x < Infinity)) return x;
  const bits = reinterpret<u64>(x);
  const exponent = <f64>(<i32>(bits >> 52) - 1023);
  const significand = reinterpret<f64>((bits & 0xfffffffffffff) | 0x3ff0000000000000);
  // Below 1/3, so that 20 terms leave less than 1e-19.
  const ratio = (significand - 1) / (significand + 1);
  let series: f64 = 0;
  for (let term = 39; term > 0; term -= 2) series = series * ratio * ratio + 1 / <f64>term;
  return 2 * ratio * series + exponent * Math.LN2;
}
