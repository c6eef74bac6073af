/** What a training step does outside its products, on vectors of float32. */
import { add, clear, FLOAT, multiplyAdd, VECTOR } from "./simd";

/** xGradient = outGradient where out > 0, else 0: the gradient of relu. May be in place. */
export function reluGradient(outGradient: usize, out: usize, xGradient: usize, count: usize): void {
  const bytes = count * FLOAT;
  let offset: usize = 0;
  for (; offset + VECTOR <= bytes; offset += VECTOR) {
    const isPositive = f32x4.gt(v128.load(out + offset), f32x4.splat(0));
    v128.store(xGradient + offset, v128.and(v128.load(outGradient + offset), isPositive));
  }
  for (; offset < bytes; offset += FLOAT) {
    const isPositive = load<f32>(out + offset) > 0;
    store<f32>(xGradient + offset, isPositive ? load<f32>(outGradient + offset) : 0);
  }
}

/** sums = for each column the sum of its values: the gradient of a bias. `x`: shape `[rows, columns]`. */
export function columnSums(x: usize, sums: usize, rows: usize, columns: usize): void {
  const bytes = columns * FLOAT;
  clear(sums, bytes);
  for (; rows > 0; rows--, x += bytes) add(sums, x, bytes);
}

/** target += factor * addend. */
export function addScaled(target: usize, addend: usize, count: usize, factor: f32): void {
  const bytes = count * FLOAT;
  const factors = f32x4.splat(factor);
  let offset: usize = 0;
  for (; offset + VECTOR <= bytes; offset += VECTOR) {
    const sum = multiplyAdd(factors, v128.load(addend + offset), v128.load(target + offset));
    v128.store(target + offset, sum);
  }
  for (; offset < bytes; offset += FLOAT) {
    const sum = load<f32>(target + offset) + factor * load<f32>(addend + offset);
    store<f32>(target + offset, sum);
  }
}
