/** Products of matrices of float32, in any orientation: packed panels of 6 rows and 8 columns (Goto and van de Geijn 2008). */
import { COLUMNS, COLUMNS_STEP, packColumns, packRows, ROWS, wholePanels } from "./pack";
import { FLOAT } from "./simd";
import { storeTile, TILE_BYTES, tile } from "./tile";

/** Steps of the inner sum a block: a panel of columns, 8 KiB, stays in the first cache. */
const BLOCK_DEPTH: usize = 256;

/** Rows a block: 96 KiB of packed rows stay in the second cache. */
const BLOCK_ROWS: usize = 96;

/** Columns a block, whole panels: bounds the workspace, 2.2 MB, for matrices of any width. */
const BLOCK_COLUMNS: usize = 2048;

/** Bytes of workspace that {@link gemm} wants. */
export function gemmWorkspace(columns: usize): usize {
  return TILE_BYTES + BLOCK_DEPTH * FLOAT * (packedWidth(columns) + BLOCK_ROWS);
}

function packedWidth(columns: usize): usize {
  return wholePanels(min(columns, BLOCK_COLUMNS));
}

/**
 * target = left x right, plus `bias` (address of `columns` values, 0 for none), then relu where `isRelu`; or
 * target += left x right where `accumulates` (without bias and relu).
 * Strides are in values: left (i, k) is at `i * leftRow + k * leftStep`, right (k, j) at `k * rightStep + j * rightColumn`,
 * target (i, j) at `i * targetRow + j`. `depth` > 0. The target overlaps nothing.
 */
export function gemm(
  rows: usize,
  columns: usize,
  depth: usize,
  left: usize,
  leftRow: usize,
  leftStep: usize,
  right: usize,
  rightStep: usize,
  rightColumn: usize,
  target: usize,
  targetRow: usize,
  accumulates: bool,
  bias: usize,
  isRelu: bool,
  workspace: usize,
): void {
  const packedColumns = workspace + TILE_BYTES;
  const packedRows = packedColumns + BLOCK_DEPTH * FLOAT * packedWidth(columns);
  for (let column: usize = 0; column < columns; column += BLOCK_COLUMNS) {
    const width = min(BLOCK_COLUMNS, columns - column);
    const columnBias: usize = bias === 0 ? 0 : bias + column * FLOAT;
    for (let from: usize = 0; from < depth; from += BLOCK_DEPTH) {
      const steps = min(BLOCK_DEPTH, depth - from);
      const isLast = from + steps === depth;
      packColumns(
        packedColumns,
        right + (from * rightStep + column * rightColumn) * FLOAT,
        rightStep * FLOAT,
        rightColumn * FLOAT,
        width,
        steps,
        steps * COLUMNS_STEP,
      );
      multiplyRows(
        rows,
        width,
        steps,
        left + from * leftStep * FLOAT,
        leftRow * FLOAT,
        leftStep * FLOAT,
        target + column * FLOAT,
        targetRow * FLOAT,
        accumulates || from > 0,
        isLast ? columnBias : 0,
        isLast && isRelu,
        packedRows,
        packedColumns,
        workspace,
      );
    }
  }
}

/** Multiplies all rows by one block of packed columns. Strides in bytes. */
function multiplyRows(
  rows: usize,
  columns: usize,
  steps: usize,
  left: usize,
  leftRow: usize,
  leftStep: usize,
  target: usize,
  targetRow: usize,
  accumulates: bool,
  bias: usize,
  isRelu: bool,
  packedRows: usize,
  packedColumns: usize,
  scratch: usize,
): void {
  for (let row: usize = 0; row < rows; row += BLOCK_ROWS) {
    const height = min(BLOCK_ROWS, rows - row);
    packRows(packedRows, left + row * leftRow, leftRow, leftStep, height, steps);
    multiplyBlock(
      height,
      columns,
      steps,
      packedRows,
      packedColumns,
      target + row * targetRow,
      targetRow,
      accumulates,
      bias,
      isRelu,
      scratch,
    );
  }
}

/** Multiplies packed rows by packed columns. */
function multiplyBlock(
  rows: usize,
  columns: usize,
  steps: usize,
  packedRows: usize,
  packedColumns: usize,
  target: usize,
  targetStride: usize,
  accumulates: bool,
  bias: usize,
  isRelu: bool,
  scratch: usize,
): void {
  for (let column: usize = 0; column < columns; column += COLUMNS) {
    const right = packedColumns + column * steps * FLOAT;
    const width = min(COLUMNS, columns - column);
    const columnBias: usize = bias === 0 ? 0 : bias + column * FLOAT;
    for (let row: usize = 0; row < rows; row += ROWS) {
      const left = packedRows + row * steps * FLOAT;
      const corner = target + row * targetStride + column * FLOAT;
      const height = min(ROWS, rows - row);
      if (height === ROWS && width === COLUMNS) {
        tile(steps, left, right, corner, targetStride, accumulates, columnBias, isRelu);
      } else {
        tile(steps, left, right, scratch, COLUMNS_STEP, false, 0, false);
        storeTile(corner, targetStride, scratch, height, width, accumulates, columnBias, isRelu);
      }
    }
  }
}
