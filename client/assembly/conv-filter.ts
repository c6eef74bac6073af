/** The gradient of a convolution for its filter: again a product that gathers its left operand. */
import { gatherMultiply } from "./gather";
import { gemm, gemmWorkspace } from "./gemm";
import { COLUMNS_STEP, packColumns, wholePanels } from "./pack";
import { FLOAT } from "./simd";
import { borderedImage, pixelTable, tapTable, viewWorkspace, writeTables } from "./view";
// biome-ignore lint/style/useImportType: the compiler knows no imports of types.
import { bytesOf, Window } from "./window";

/** Bytes of workspace that {@link conv2dFilterGradient} wants. */
export function conv2dFilterGradientWorkspace(window: Window): usize {
  const gradient = <usize>window.pixels * wholePanels(window.outChannels) * FLOAT;
  return max(viewWorkspace(window) + gradient, gemmWorkspace(window.outChannels));
}

/** filterGradient = the gradient of conv2d for `filter`, of its shape. `outGradient`: of the result's shape. */
export function conv2dFilterGradient(
  window: Window,
  x: usize,
  outGradient: usize,
  filterGradient: usize,
  workspace: usize,
): void {
  if (window.isPointwise) {
    multiplyPixels(window, x, outGradient, filterGradient, workspace);
    return;
  }
  const columns = <usize>window.outChannels;
  const packed = workspace + viewWorkspace(window);
  const panel = <usize>window.pixels * COLUMNS_STEP;
  writeTables(window, workspace);
  for (let image = 0; image < window.batch; image++) {
    packColumns(packed, outGradient, columns * FLOAT, FLOAT, columns, window.pixels, panel);
    gatherMultiply(
      borderedImage(window, x, workspace),
      tapTable(window, workspace),
      window.taps,
      pixelTable(workspace),
      window.pixels,
      packed,
      columns,
      filterGradient,
      columns * FLOAT,
      image > 0,
      0,
      false,
      workspace,
    );
    x += bytesOf(window.imageSize);
    outGradient += bytesOf(window.pixels) * columns;
  }
}

/** With one tap and no stride: a product of matrices, the left one transposed. */
function multiplyPixels(
  window: Window,
  x: usize,
  outGradient: usize,
  filterGradient: usize,
  workspace: usize,
): void {
  const rows = window.channels;
  const columns = window.outChannels;
  const depth = <usize>window.batch * window.pixels;
  gemm(
    rows,
    columns,
    depth,
    x,
    1,
    rows,
    outGradient,
    columns,
    1,
    filterGradient,
    columns,
    false,
    0,
    false,
    workspace,
  );
}
