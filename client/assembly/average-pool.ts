/** The mean over a window, and its gradient. Borders do not count. The window's `outChannels` are its `channels`. */
import { addMultiple, clear } from "./simd";
import { endTap, firstTap } from "./taps";
// biome-ignore lint/style/useImportType: the compiler knows no imports of types.
import { bytesOf, Window } from "./window";

/** out = the mean of the values below each window; 0 where it lies outside the image. */
export function averagePool(window: Window, x: usize, out: usize): void {
  clear(out, bytesOf(window.batch * window.pixels * window.channels));
  forEachPixel(false, window, x, out);
}

/** xGradient = the gradient of {@link averagePool}: each value below a window receives the same share. */
export function averagePoolGradient(window: Window, outGradient: usize, xGradient: usize): void {
  clear(xGradient, bytesOf(window.batch * window.imageSize));
  forEachPixel(true, window, xGradient, outGradient);
}

/** Adds shares of images to results, or where `isGradient`, shares of results to images. */
function forEachPixel(isGradient: bool, window: Window, x: usize, out: usize): void {
  const pixel = bytesOf(window.channels);
  for (let image = 0; image < window.batch; image++, x += bytesOf(window.imageSize)) {
    for (let row = 0; row < window.outHeight; row++) {
      for (let column = 0; column < window.outWidth; column++, out += pixel) {
        visitWindow(isGradient, window, x, out, row, column);
      }
    }
  }
}

function visitWindow(
  isGradient: bool,
  window: Window,
  x: usize,
  out: usize,
  row: i32,
  column: i32,
): void {
  const top = row * window.strideHeight - window.top;
  const left = column * window.strideWidth - window.left;
  const firstRow = firstTap(top, window.dilationHeight);
  const lastRow = endTap(top, window.dilationHeight, window.height, window.filterHeight);
  const first = firstTap(left, window.dilationWidth);
  const last = endTap(left, window.dilationWidth, window.width, window.filterWidth);
  const share: f32 = <f32>1 / <f32>((lastRow - firstRow) * (last - first));
  const bytes = bytesOf(window.channels);
  for (let tapRow = firstRow; tapRow < lastRow; tapRow++) {
    const line = (top + tapRow * window.dilationHeight) * window.width;
    for (let tap = first; tap < last; tap++) {
      const place = line + left + tap * window.dilationWidth;
      const at = x + bytesOf(place * window.channels);
      if (isGradient) addMultiple(at, out, bytes, share);
      else addMultiple(out, at, bytes, share);
    }
  }
}
