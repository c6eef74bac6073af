/** Copies of matrices in the order in which the product reads them: panels, one step of the inner sum after the other. */
import { FLOAT, VECTOR } from "./simd";

/** Rows of the left operand in a panel. */
export const ROWS: usize = 6;

/** Columns of the right operand in a panel. */
export const COLUMNS: usize = 8;

/** Bytes that one step of the inner sum takes in a panel of rows and in one of columns. */
export const ROWS_STEP: usize = ROWS * FLOAT;
export const COLUMNS_STEP: usize = COLUMNS * FLOAT;

/** Columns rounded up to whole panels. */
export function wholePanels(columns: usize): usize {
  return (columns + COLUMNS - 1) & ~(COLUMNS - 1);
}

/**
 * Packs `rows` x `depth` values of the left operand into panels of 6 rows. Element (i, k) is at
 * `source + i * rowStride + k * stepStride`. The last panel's missing rows are 0.
 */
export function packRows(
  target: usize,
  source: usize,
  rowStride: usize,
  stepStride: usize,
  rows: usize,
  depth: usize,
): void {
  const panel = depth * ROWS_STEP;
  const next = ROWS * rowStride;
  for (; rows >= ROWS; rows -= ROWS, source += next, target += panel) {
    if (stepStride === FLOAT) packAcross(target, source, rowStride, depth);
    else if (rowStride === FLOAT) packAlong(target, source, stepStride, depth);
    else packSome(target, source, rowStride, stepStride, ROWS, ROWS, depth);
  }
  if (rows > 0) packSome(target, source, rowStride, stepStride, rows, ROWS, depth);
}

/**
 * Packs `depth` x `columns` values of the right operand into panels of 8 columns that begin `panelStride` apart. Element
 * (k, j) is at `source + k * stepStride + j * columnStride`. The last panel's missing columns are 0.
 */
export function packColumns(
  target: usize,
  source: usize,
  stepStride: usize,
  columnStride: usize,
  columns: usize,
  depth: usize,
  panelStride: usize,
): void {
  const next = COLUMNS * columnStride;
  for (; columns >= COLUMNS; columns -= COLUMNS, source += next, target += panelStride) {
    if (columnStride === FLOAT) packWhole(target, source, stepStride, depth);
    else if (stepStride === FLOAT) packTransposed(target, source, columnStride, depth);
    else packSome(target, source, columnStride, stepStride, COLUMNS, COLUMNS, depth);
  }
  if (columns > 0) packSome(target, source, columnStride, stepStride, columns, COLUMNS, depth);
}

/** Any strides: `count` values a step, filled up with 0 to `width`. */
function packSome(
  target: usize,
  source: usize,
  stride: usize,
  stepStride: usize,
  count: usize,
  width: usize,
  depth: usize,
): void {
  for (; depth > 0; depth--, source += stepStride) {
    for (let index: usize = 0; index < width; index++, target += FLOAT) {
      store<f32>(target, index < count ? load<f32>(source + index * stride) : 0);
    }
  }
}

/** Six rows whose steps are side by side. */
function packAcross(target: usize, first: usize, stride: usize, depth: usize): void {
  const second = first + stride;
  const third = second + stride;
  const fourth = third + stride;
  const fifth = fourth + stride;
  const sixth = fifth + stride;
  const end = depth * FLOAT;
  for (let step: usize = 0; step < end; step += FLOAT, target += ROWS_STEP) {
    store<f32>(target, load<f32>(first + step));
    store<f32>(target, load<f32>(second + step), 4);
    store<f32>(target, load<f32>(third + step), 8);
    store<f32>(target, load<f32>(fourth + step), 12);
    store<f32>(target, load<f32>(fifth + step), 16);
    store<f32>(target, load<f32>(sixth + step), 20);
  }
}

/** Six rows that are side by side. */
function packAlong(target: usize, source: usize, stepStride: usize, depth: usize): void {
  for (; depth > 0; depth--, source += stepStride, target += ROWS_STEP) {
    v128.store(target, v128.load(source));
    store<u64>(target, load<u64>(source, 16), 16);
  }
}

/** Eight columns that are side by side. */
function packWhole(target: usize, source: usize, stepStride: usize, depth: usize): void {
  for (; depth > 0; depth--, source += stepStride, target += COLUMNS_STEP) {
    v128.store(target, v128.load(source));
    v128.store(target, v128.load(source, 16), 16);
  }
}

/** Eight columns whose steps are side by side: transposed four by four. */
function packTransposed(target: usize, source: usize, stride: usize, depth: usize): void {
  for (; depth >= 4; depth -= 4, source += VECTOR, target += 4 * COLUMNS_STEP) {
    transposeFour(target, source, stride);
    transposeFour(target + VECTOR, source + 4 * stride, stride);
  }
  packSome(target, source, stride, FLOAT, COLUMNS, COLUMNS, depth);
}

/** Four rows of four values, `stride` apart, to four rows of four that are one step apart. */
function transposeFour(target: usize, source: usize, stride: usize): void {
  const a = v128.load(source);
  const b = v128.load(source + stride);
  const c = v128.load(source + 2 * stride);
  const d = v128.load(source + 3 * stride);
  const lowAb = v128.shuffle<u32>(a, b, 0, 4, 1, 5);
  const lowCd = v128.shuffle<u32>(c, d, 0, 4, 1, 5);
  const highAb = v128.shuffle<u32>(a, b, 2, 6, 3, 7);
  const highCd = v128.shuffle<u32>(c, d, 2, 6, 3, 7);
  v128.store(target, v128.shuffle<u64>(lowAb, lowCd, 0, 2));
  v128.store(target, v128.shuffle<u64>(lowAb, lowCd, 1, 3), 32);
  v128.store(target, v128.shuffle<u64>(highAb, highCd, 0, 2), 64);
  v128.store(target, v128.shuffle<u64>(highAb, highCd, 1, 3), 96);
}
