import { alea } from "./alea.ts";

/**
 * Fills `mask` with what `tf.dropout` multiplies by for this rate and seed, bit for bit: 0 for about a share `rate` of
 * the values, 1 / (1 - rate) for the others. `rate`: in (0, 1).
 */
export function fillDropoutMask(mask: Float32Array, rate: number, seed: string): void {
  const random = alea(seed);
  const kept = Math.fround(1 - rate);
  for (let index = 0; index < mask.length; index++) {
    mask[index] = dropoutFactor(random(), kept);
  }
}

/**
 * What a value is multiplied by: `unit` in [0, 1), from the generator, and the share `kept`, a float32. Rounded where
 * TensorFlow.js keeps float32 tensors.
 */
export function dropoutFactor(unit: number, kept: number): number {
  return Math.fround(Math.floor(Math.fround(Math.fround(unit) + kept)) / kept);
}

/** target = x * factors, value by value. All of one length; may be in place. */
export function multiplyInto(target: Float32Array, x: Float32Array, factors: Float32Array): void {
  for (let index = 0; index < target.length; index++) {
    target[index] = (x[index] ?? Number.NaN) * (factors[index] ?? Number.NaN);
  }
}

/** target = x where it is above 0, else 0; NaN stays. Both of one length; may be in place. */
export function rectifyInto(target: Float32Array, x: Float32Array): void {
  for (let index = 0; index < target.length; index++) {
    target[index] = Math.max(x[index] ?? Number.NaN, 0);
  }
}

/** target = tanh x. Both of one length; may be in place. */
export function tanhInto(target: Float32Array, x: Float32Array): void {
  for (let index = 0; index < target.length; index++) {
    target[index] = Math.tanh(x[index] ?? Number.NaN);
  }
}

/** xGradient = outGradient * (1 - out^2), the gradient of {@link tanhInto}. All of one length; may be in place. */
export function tanhGradientInto(
  xGradient: Float32Array,
  outGradient: Float32Array,
  out: Float32Array,
): void {
  for (let index = 0; index < xGradient.length; index++) {
    const value = out[index] ?? Number.NaN;
    xGradient[index] = (outGradient[index] ?? Number.NaN) * (1 - value * value);
  }
}

/** target = 1 / (1 + e^-x). Both of one length; may be in place. */
export function sigmoidInto(target: Float32Array, x: Float32Array): void {
  for (let index = 0; index < target.length; index++) {
    target[index] = 1 / (1 + Math.exp(-(x[index] ?? Number.NaN)));
  }
}

/** xGradient = outGradient * out * (1 - out), the gradient of {@link sigmoidInto}. All of one length; may be in place. */
export function sigmoidGradientInto(
  xGradient: Float32Array,
  outGradient: Float32Array,
  out: Float32Array,
): void {
  for (let index = 0; index < xGradient.length; index++) {
    const value = out[index] ?? Number.NaN;
    xGradient[index] = (outGradient[index] ?? Number.NaN) * value * (1 - value);
  }
}
