/** Steps of optimisers over one flat vector of weights, float32; all vectors have `count` values. */
import { FLOAT, multiplyAdd, VECTOR } from "./simd";

/** velocity = momentum * velocity + gradient; weights -= learningRate * velocity. */
export function momentumStep(
  weights: usize,
  gradient: usize,
  velocity: usize,
  count: usize,
  learningRate: f32,
  momentum: f32,
): void {
  const end = weights + count * FLOAT;
  const factors = f32x4.splat(momentum);
  const rates = f32x4.splat(-learningRate);
  for (; weights + VECTOR <= end; weights += VECTOR, gradient += VECTOR, velocity += VECTOR) {
    const speed = multiplyAdd(factors, v128.load(velocity), v128.load(gradient));
    v128.store(velocity, speed);
    v128.store(weights, multiplyAdd(rates, speed, v128.load(weights)));
  }
  for (; weights < end; weights += FLOAT, gradient += FLOAT, velocity += FLOAT) {
    const speed = momentum * load<f32>(velocity) + load<f32>(gradient);
    store<f32>(velocity, speed);
    store<f32>(weights, load<f32>(weights) - learningRate * speed);
  }
}

/**
 * gradient += strength * (weights - anchor): the gradient of FedProx' proximal term (Li et al. 2020, equation 2), which
 * draws weights back to where a round began.
 */
export function addProximal(
  gradient: usize,
  weights: usize,
  anchor: usize,
  count: usize,
  strength: f32,
): void {
  const end = gradient + count * FLOAT;
  const factors = f32x4.splat(strength);
  for (; gradient + VECTOR <= end; gradient += VECTOR, weights += VECTOR, anchor += VECTOR) {
    const drift = f32x4.sub(v128.load(weights), v128.load(anchor));
    v128.store(gradient, multiplyAdd(factors, drift, v128.load(gradient)));
  }
  for (; gradient < end; gradient += FLOAT, weights += FLOAT, anchor += FLOAT) {
    const drift = load<f32>(weights) - load<f32>(anchor);
    store<f32>(gradient, load<f32>(gradient) + strength * drift);
  }
}

/**
 * One step of Adam (Kingma and Ba 2015, algorithm 1). `mean`, `square`: the moving averages of the gradient and of its
 * square; `meanCorrection` = 1 - beta1^t, `squareCorrection` = 1 - beta2^t at step t = 1, 2, ...
 */
export function adamStep(
  weights: usize,
  gradient: usize,
  mean: usize,
  square: usize,
  count: usize,
  learningRate: f32,
  beta1: f32,
  beta2: f32,
  epsilon: f32,
  meanCorrection: f32,
  squareCorrection: f32,
): void {
  const end = weights + count * FLOAT;
  const rates = f32x4.splat(learningRate / meanCorrection);
  const corrections = f32x4.splat(1 / squareCorrection);
  for (; weights + VECTOR <= end; weights += VECTOR) {
    const slope = v128.load(gradient);
    const average = average4(beta1, v128.load(mean), slope);
    const power = average4(beta2, v128.load(square), f32x4.mul(slope, slope));
    v128.store(mean, average);
    v128.store(square, power);
    const size = f32x4.add(f32x4.sqrt(f32x4.mul(power, corrections)), f32x4.splat(epsilon));
    const change = f32x4.div(f32x4.mul(average, rates), size);
    v128.store(weights, f32x4.sub(v128.load(weights), change));
    gradient += VECTOR;
    mean += VECTOR;
    square += VECTOR;
  }
  for (; weights < end; weights += FLOAT) {
    const slope = load<f32>(gradient);
    const average = beta1 * load<f32>(mean) + (1 - beta1) * slope;
    const power = beta2 * load<f32>(square) + (1 - beta2) * slope * slope;
    store<f32>(mean, average);
    store<f32>(square, power);
    const size = sqrt<f32>(power / squareCorrection) + epsilon;
    store<f32>(weights, load<f32>(weights) - ((learningRate / meanCorrection) * average) / size);
    gradient += FLOAT;
    mean += FLOAT;
    square += FLOAT;
  }
}

/** beta * average + (1 - beta) * value. */
function average4(beta: f32, average: v128, value: v128): v128 {
  return multiplyAdd(f32x4.splat(beta), average, f32x4.mul(f32x4.splat(1 - beta), value));
}
