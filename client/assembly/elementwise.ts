/** What a training step does outside its products, on vectors of float32. */
import { add, addMultiple, clear, FLOAT, VECTOR } from "./simd";

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
  addMultiple(target, addend, count * FLOAT, factor);
}

/** To every row of `x`, shape `[rows, columns]`, adds the bias at `bias` unless that is 0; then relu where `isRelu`. In place. */
export function finishRows(x: usize, bias: usize, rows: usize, columns: usize, isRelu: bool): void {
  const bytes = columns * FLOAT;
  if (bias !== 0) for (let row: usize = 0; row < rows; row++) add(x + row * bytes, bias, bytes);
  if (isRelu) rectify(x, rows * bytes);
}

/** x = its positive part; NaN stays. */
function rectify(x: usize, bytes: usize): void {
  const end = x + bytes;
  for (; x + VECTOR <= end; x += VECTOR) {
    v128.store(x, f32x4.max(v128.load(x), f32x4.splat(0)));
  }
  for (; x < end; x += FLOAT) store<f32>(x, max<f32>(load<f32>(x), 0));
}
