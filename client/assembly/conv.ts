/** Two-dimensional convolution, without a matrix of columns: the product gathers its left operand. */
import { gatherMultiply } from "./gather";
import { gemm, gemmWorkspace } from "./gemm";
import { COLUMNS_STEP, packColumns, wholePanels } from "./pack";
import { FLOAT } from "./simd";
import { borderedImage, pixelTable, tapTable, viewWorkspace, writeTables } from "./view";
// biome-ignore lint/style/useImportType: the compiler knows no imports of types.
import { bytesOf, Window } from "./window";

/** Bytes of workspace that {@link conv2d} wants. */
export function conv2dWorkspace(window: Window): usize {
  const filter = <usize>window.taps * wholePanels(window.outChannels) * FLOAT;
  return max(viewWorkspace(window) + filter, gemmWorkspace(window.outChannels));
}

/**
 * out = x * filter, plus `bias` (address of `outChannels` values, 0 for none), then relu where `isRelu`. `filter`:
 * shape `[filterHeight, filterWidth, channels, outChannels]`.
 */
export function conv2d(
  window: Window,
  x: usize,
  filter: usize,
  out: usize,
  bias: usize,
  isRelu: bool,
  workspace: usize,
): void {
  if (window.isPointwise) {
    multiplyPixels(window, x, filter, out, bias, isRelu, workspace);
    return;
  }
  const columns = <usize>window.outChannels;
  const packed = workspace + viewWorkspace(window);
  const panel = <usize>window.taps * COLUMNS_STEP;
  packColumns(packed, filter, columns * FLOAT, FLOAT, columns, window.taps, panel);
  writeTables(window, workspace);
  for (let image = 0; image < window.batch; image++) {
    gatherMultiply(
      borderedImage(window, x, workspace),
      pixelTable(workspace),
      window.pixels,
      tapTable(window, workspace),
      window.taps,
      packed,
      columns,
      out,
      columns * FLOAT,
      false,
      bias,
      isRelu,
      workspace,
    );
    x += bytesOf(window.imageSize);
    out += bytesOf(window.pixels) * columns;
  }
}

/** With one tap and no stride: a product of matrices. */
function multiplyPixels(
  window: Window,
  x: usize,
  filter: usize,
  out: usize,
  bias: usize,
  isRelu: bool,
  workspace: usize,
): void {
  const rows = <usize>window.batch * window.pixels;
  const columns = window.outChannels;
  const depth = window.channels;
  gemm(
    rows,
    columns,
    depth,
    x,
    depth,
    1,
    filter,
    columns,
    1,
    out,
    columns,
    false,
    bias,
    isRelu,
    workspace,
  );
}
