/** The innermost loop of a product: 6 x 8 sums that live in registers. */
import { COLUMNS, COLUMNS_STEP, ROWS, ROWS_STEP } from "./pack";
import { FLOAT, multiplyAdd, VECTOR } from "./simd";

/** Bytes of a tile of 6 x 8 values. */
export const TILE_BYTES: usize = ROWS * COLUMNS * FLOAT;

/**
 * Multiplies a panel of 6 rows by one of 8 columns, `steps` > 0 long, and stores the tile in rows `stride` apart:
 * added to what is there where `accumulates`, plus the bias at `bias` unless that is 0, then relu where `isRelu`.
 */
// biome-ignore lint/complexity/noExcessiveLinesPerFunction: sums live in registers only where each is a variable.
export function tile(
  steps: usize,
  left: usize,
  right: usize,
  target: usize,
  stride: usize,
  accumulates: bool,
  bias: usize,
  isRelu: bool,
): void {
  let a0 = f32x4.splat(0);
  let a1 = a0;
  let b0 = a0;
  let b1 = a0;
  let c0 = a0;
  let c1 = a0;
  let d0 = a0;
  let d1 = a0;
  let e0 = a0;
  let e1 = a0;
  let f0 = a0;
  let f1 = a0;
  const end = right + steps * COLUMNS_STEP;
  do {
    const right0 = v128.load(right);
    const right1 = v128.load(right, 16);
    let x = v128.load32_splat(left);
    a0 = multiplyAdd(x, right0, a0);
    a1 = multiplyAdd(x, right1, a1);
    x = v128.load32_splat(left, 4);
    b0 = multiplyAdd(x, right0, b0);
    b1 = multiplyAdd(x, right1, b1);
    x = v128.load32_splat(left, 8);
    c0 = multiplyAdd(x, right0, c0);
    c1 = multiplyAdd(x, right1, c1);
    x = v128.load32_splat(left, 12);
    d0 = multiplyAdd(x, right0, d0);
    d1 = multiplyAdd(x, right1, d1);
    x = v128.load32_splat(left, 16);
    e0 = multiplyAdd(x, right0, e0);
    e1 = multiplyAdd(x, right1, e1);
    x = v128.load32_splat(left, 20);
    f0 = multiplyAdd(x, right0, f0);
    f1 = multiplyAdd(x, right1, f1);
    right += COLUMNS_STEP;
    left += ROWS_STEP;
  } while (right < end);
  storeRow(target, a0, a1, accumulates, bias, isRelu);
  target += stride;
  storeRow(target, b0, b1, accumulates, bias, isRelu);
  target += stride;
  storeRow(target, c0, c1, accumulates, bias, isRelu);
  target += stride;
  storeRow(target, d0, d1, accumulates, bias, isRelu);
  target += stride;
  storeRow(target, e0, e1, accumulates, bias, isRelu);
  target += stride;
  storeRow(target, f0, f1, accumulates, bias, isRelu);
}

/** Stores 8 values, as {@link tile} says. */
export function storeRow(
  target: usize,
  low: v128,
  high: v128,
  accumulates: bool,
  bias: usize,
  isRelu: bool,
): void {
  v128.store(target, finishFour(low, target, accumulates, bias, isRelu));
  v128.store(
    target + VECTOR,
    finishFour(high, target + VECTOR, accumulates, biasAt(bias, VECTOR), isRelu),
  );
}

/** Stores the first `height` x `width` values of a tile at `source`, as {@link tile} says. */
export function storeTile(
  target: usize,
  stride: usize,
  source: usize,
  height: usize,
  width: usize,
  accumulates: bool,
  bias: usize,
  isRelu: bool,
): void {
  const bytes = width * FLOAT;
  const end = source + height * COLUMNS_STEP;
  for (; source < end; target += stride, source += COLUMNS_STEP) {
    let offset: usize = 0;
    for (; offset + VECTOR <= bytes; offset += VECTOR) {
      const at = target + offset;
      const some = v128.load(source + offset);
      v128.store(at, finishFour(some, at, accumulates, biasAt(bias, offset), isRelu));
    }
    if (offset === bytes) continue;
    const rest = bytes - offset;
    const at = target + offset;
    let values = v128.load(source + offset);
    if (accumulates) values = f32x4.add(values, loadSome(at, rest));
    if (bias !== 0) values = f32x4.add(values, loadSome(bias + offset, rest));
    if (isRelu) values = f32x4.max(values, f32x4.splat(0));
    storeSome(at, values, rest);
  }
}

/** The first values of a vector, `bytes` < 16 in all; the others are 0. */
function loadSome(source: usize, bytes: usize): v128 {
  if (bytes === 4) return v128.load32_zero(source);
  const two = v128.load64_zero(source);
  return bytes === 8 ? two : v128.load_lane<f32>(source + 8, two, 2);
}

/** Stores the first values of a vector, `bytes` < 16 in all. */
function storeSome(target: usize, values: v128, bytes: usize): void {
  if (bytes === 4) {
    v128.store_lane<f32>(target, values, 0);
    return;
  }
  v128.store_lane<f64>(target, values, 0);
  if (bytes === 12) v128.store_lane<f32>(target + 8, values, 2);
}

/** Address of the bias `offset` bytes on, or 0 without one. */
function biasAt(bias: usize, offset: usize): usize {
  return bias === 0 ? 0 : bias + offset;
}

function finishFour(
  values: v128,
  target: usize,
  accumulates: bool,
  bias: usize,
  isRelu: bool,
): v128 {
  if (accumulates) values = f32x4.add(values, v128.load(target));
  if (bias !== 0) values = f32x4.add(values, v128.load(bias));
  return isRelu ? f32x4.max(values, f32x4.splat(0)) : values;
}
