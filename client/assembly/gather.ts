/** Products whose left operand is not a matrix but lies in an image: element (i, k) is at `image + rows[i] + steps[k]`. */
import { COLUMNS, COLUMNS_STEP, ROWS } from "./pack";
import { FLOAT, multiplyAdd } from "./simd";
import { storeRow, storeTile } from "./tile";

/**
 * target = gathered x right, or target += where `accumulates`; then bias and relu as in gemm. `rowOffsets` and
 * `stepOffsets`: tables of offsets in bytes, the first filled up to whole panels of 6. `right`: packed panels of 8
 * columns. `targetRow` in bytes.
 */
export function gatherMultiply(
  image: usize,
  rowOffsets: usize,
  rows: usize,
  stepOffsets: usize,
  steps: usize,
  right: usize,
  columns: usize,
  target: usize,
  targetRow: usize,
  accumulates: bool,
  bias: usize,
  isRelu: bool,
  scratch: usize,
): void {
  const stepsEnd = stepOffsets + steps * 4;
  for (let column: usize = 0; column < columns; column += COLUMNS, right += steps * COLUMNS_STEP) {
    const width = min(COLUMNS, columns - column);
    const columnBias: usize = bias === 0 ? 0 : bias + column * FLOAT;
    for (let row: usize = 0; row < rows; row += ROWS) {
      const corner = target + row * targetRow + column * FLOAT;
      const height = min(ROWS, rows - row);
      const offsets = rowOffsets + row * 4;
      if (height === ROWS && width === COLUMNS) {
        gatherTile(
          image,
          offsets,
          stepOffsets,
          stepsEnd,
          right,
          corner,
          targetRow,
          accumulates,
          columnBias,
          isRelu,
        );
      } else {
        gatherTile(
          image,
          offsets,
          stepOffsets,
          stepsEnd,
          right,
          scratch,
          COLUMNS_STEP,
          false,
          0,
          false,
        );
        storeTile(corner, targetRow, scratch, height, width, accumulates, columnBias, isRelu);
      }
    }
  }
}

/** As the tile of packed panels, with the six rows at offsets. */
// biome-ignore lint/complexity/noExcessiveLinesPerFunction: sums live in registers only where each is a variable.
function gatherTile(
  image: usize,
  rowOffsets: usize,
  step: usize,
  stepsEnd: usize,
  right: usize,
  target: usize,
  stride: usize,
  accumulates: bool,
  bias: usize,
  isRelu: bool,
): void {
  const a = image + load<u32>(rowOffsets);
  const b = image + load<u32>(rowOffsets, 4);
  const c = image + load<u32>(rowOffsets, 8);
  const d = image + load<u32>(rowOffsets, 12);
  const e = image + load<u32>(rowOffsets, 16);
  const f = image + load<u32>(rowOffsets, 20);
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
  do {
    const offset = <usize>load<u32>(step);
    const right0 = v128.load(right);
    const right1 = v128.load(right, 16);
    let x = v128.load32_splat(a + offset);
    a0 = multiplyAdd(x, right0, a0);
    a1 = multiplyAdd(x, right1, a1);
    x = v128.load32_splat(b + offset);
    b0 = multiplyAdd(x, right0, b0);
    b1 = multiplyAdd(x, right1, b1);
    x = v128.load32_splat(c + offset);
    c0 = multiplyAdd(x, right0, c0);
    c1 = multiplyAdd(x, right1, c1);
    x = v128.load32_splat(d + offset);
    d0 = multiplyAdd(x, right0, d0);
    d1 = multiplyAdd(x, right1, d1);
    x = v128.load32_splat(e + offset);
    e0 = multiplyAdd(x, right0, e0);
    e1 = multiplyAdd(x, right1, e1);
    x = v128.load32_splat(f + offset);
    f0 = multiplyAdd(x, right0, f0);
    f1 = multiplyAdd(x, right1, f1);
    right += COLUMNS_STEP;
    step += 4;
  } while (step < stepsEnd);
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
