/** The gradient of a convolution for its input. */
import { gemm, gemmWorkspace } from "./gemm";
import { add, clear } from "./simd";
import { endTap, firstTap } from "./taps";
// biome-ignore lint/style/useImportType: the compiler knows no imports of types.
import { bytesOf, Window } from "./window";

/** Results, at least, of the products by the filter: enough to pay for packing it. Measured: 96 and 256 are not faster. */
const BLOCK_PIXELS: i32 = 128;

/** Bytes of workspace that {@link conv2dInputGradient} wants. */
export function conv2dInputGradientWorkspace(window: Window): usize {
  const columns = bytesOf(blockLines(window) * window.outWidth * window.taps);
  return gemmWorkspace(window.taps) + columns;
}

/** xGradient = the gradient of conv2d for `x`, of its shape. `outGradient`: of the result's shape. */
export function conv2dInputGradient(
  window: Window,
  outGradient: usize,
  filter: usize,
  xGradient: usize,
  workspace: usize,
): void {
  if (window.isPointwise) {
    const pixels = window.batch * window.pixels;
    multiplyByFilter(window, pixels, outGradient, filter, xGradient, workspace);
    return;
  }
  clear(xGradient, bytesOf(window.batch * window.imageSize));
  const columns = workspace + gemmWorkspace(window.taps);
  const lines = window.batch * window.outHeight;
  const block = blockLines(window);
  const lineBytes = bytesOf(window.outWidth * window.outChannels);
  for (let from = 0; from < lines; from += block) {
    const end = min(from + block, lines);
    const start = outGradient + <usize>from * lineBytes;
    multiplyByFilter(window, (end - from) * window.outWidth, start, filter, columns, workspace);
    let source = columns;
    for (let line = from; line < end; line++) {
      const image = xGradient + <usize>(line / window.outHeight) * bytesOf(window.imageSize);
      source = scatterLine(window, image, line % window.outHeight, source);
    }
  }
}

/** Lines of results a block. */
function blockLines(window: Window): i32 {
  const wanted = (BLOCK_PIXELS + window.outWidth - 1) / window.outWidth;
  return min(wanted, window.batch * window.outHeight);
}

/** columns = outGradient x filter^T: for each of `pixels` results what the values below its window receive. */
function multiplyByFilter(
  window: Window,
  pixels: i32,
  outGradient: usize,
  filter: usize,
  columns: usize,
  workspace: usize,
): void {
  gemm(
    pixels,
    window.taps,
    window.outChannels,
    outGradient,
    window.outChannels,
    1,
    filter,
    1,
    window.outChannels,
    columns,
    window.taps,
    false,
    0,
    false,
    workspace,
  );
}

/** Adds the columns at `source` of one line of results to an image; returns where they end. */
function scatterLine(window: Window, image: usize, line: i32, source: usize): usize {
  const top = line * window.strideHeight - window.top;
  const run = bytesOf(window.filterWidth * window.channels);
  for (let column = 0; column < window.outWidth; column++) {
    const left = column * window.strideWidth - window.left;
    for (let tapRow = 0; tapRow < window.filterHeight; tapRow++, source += run) {
      const row = top + tapRow * window.dilationHeight;
      if (row >= 0 && row < window.height) scatterRun(window, image, row, left, source);
    }
  }
  return source;
}

/** Adds what one row of taps that begins at column `left` receives. */
function scatterRun(window: Window, image: usize, row: i32, left: i32, source: usize): void {
  const start = image + bytesOf((row * window.width + left) * window.channels);
  if (window.dilationWidth === 1 && left >= 0 && left + window.filterWidth <= window.width) {
    add(start, source, bytesOf(window.filterWidth * window.channels));
    return;
  }
  const last = endTap(left, window.dilationWidth, window.width, window.filterWidth);
  for (let tap = firstTap(left, window.dilationWidth); tap < last; tap++) {
    const target = start + bytesOf(tap * window.dilationWidth * window.channels);
    add(target, source + bytesOf(tap * window.channels), bytesOf(window.channels));
  }
}
