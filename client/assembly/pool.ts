/** Maximum over a window, and its gradient. The window's `outChannels` are its `channels`. */
import { clear, FLOAT, VECTOR } from "./simd";
import { endTap, firstTap } from "./taps";
// biome-ignore lint/style/useImportType: the compiler knows no imports of types.
import { bytesOf, Window } from "./window";

/** out = the largest value below each window; -Infinity where it lies outside the image, NaN where one of its values is. */
export function maxPool(window: Window, x: usize, out: usize): void {
  const pixel = bytesOf(window.channels);
  for (let image = 0; image < window.batch; image++, x += bytesOf(window.imageSize)) {
    for (let row = 0; row < window.outHeight; row++) {
      for (let column = 0; column < window.outWidth; column++, out += pixel) {
        poolWindow(window, x, out, row, column);
      }
    }
  }
}

/**
 * xGradient = the gradient of {@link maxPool}: each result's goes to the first of the values, row by row, that is its
 * maximum. `out`: what maxPool made of `x`.
 */
export function maxPoolGradient(
  window: Window,
  x: usize,
  out: usize,
  outGradient: usize,
  xGradient: usize,
): void {
  const pixel = bytesOf(window.channels);
  const image = bytesOf(window.imageSize);
  clear(xGradient, <usize>window.batch * image);
  for (let index = 0; index < window.batch; index++, x += image, xGradient += image) {
    for (let row = 0; row < window.outHeight; row++) {
      for (let column = 0; column < window.outWidth; column++) {
        routeWindow(window, x, out, outGradient, xGradient, row, column);
        out += pixel;
        outGradient += pixel;
      }
    }
  }
}

function poolWindow(window: Window, x: usize, out: usize, row: i32, column: i32): void {
  const top = row * window.strideHeight - window.top;
  const left = column * window.strideWidth - window.left;
  const rows = insideTaps(top, window.dilationHeight, window.height, window.filterHeight);
  const taps = insideTaps(left, window.dilationWidth, window.width, window.filterWidth);
  const line = bytesOf(window.dilationHeight * window.width * window.channels);
  const step = bytesOf(window.dilationWidth * window.channels);
  const pixel = bytesOf(window.channels);
  let at = x + firstInside(window, top, left);
  const vectorsEnd = out + (pixel & ~(VECTOR - 1));
  const end = out + pixel;
  for (; out < vectorsEnd; out += VECTOR, at += VECTOR) {
    v128.store(out, largestFour(at, rows, line, taps, step));
  }
  for (; out < end; out += FLOAT, at += FLOAT) {
    store<f32>(out, largest(at, rows, line, taps, step));
  }
}

function largestFour(from: usize, rows: i32, line: usize, taps: i32, step: usize): v128 {
  let found = f32x4.splat(-Infinity);
  for (; rows > 0; rows--, from += line) {
    const end = from + <usize>taps * step;
    for (let at = from; at < end; at += step) found = f32x4.max(found, v128.load(at));
  }
  return found;
}

function largest(from: usize, rows: i32, line: usize, taps: i32, step: usize): f32 {
  let found: f32 = -Infinity;
  for (; rows > 0; rows--, from += line) {
    const end = from + <usize>taps * step;
    for (let at = from; at < end; at += step) found = max<f32>(found, load<f32>(at));
  }
  return found;
}

function routeWindow(
  window: Window,
  x: usize,
  out: usize,
  outGradient: usize,
  xGradient: usize,
  row: i32,
  column: i32,
): void {
  const top = row * window.strideHeight - window.top;
  const left = column * window.strideWidth - window.left;
  const rows = insideTaps(top, window.dilationHeight, window.height, window.filterHeight);
  const taps = insideTaps(left, window.dilationWidth, window.width, window.filterWidth);
  const line = bytesOf(window.dilationHeight * window.width * window.channels);
  const step = bytesOf(window.dilationWidth * window.channels);
  const pixel = bytesOf(window.channels);
  const inside = firstInside(window, top, left);
  let at = x + inside;
  const target = xGradient + inside - at;
  const vectorsEnd = out + (pixel & ~(VECTOR - 1));
  const end = out + pixel;
  for (; out < vectorsEnd; out += VECTOR, outGradient += VECTOR, at += VECTOR) {
    const gradient = v128.load(outGradient);
    routeFour(at, target, v128.load(out), gradient, rows, line, taps, step);
  }
  for (; out < end; out += FLOAT, outGradient += FLOAT, at += FLOAT) {
    const gradient = load<f32>(outGradient);
    route(at, target, load<f32>(out), gradient, rows, line, taps, step);
  }
}

/** Adds each of four gradients to what lies `target` after the first value, from `from` on, that is the maximum. */
function routeFour(
  from: usize,
  target: usize,
  maximum: v128,
  gradient: v128,
  rows: i32,
  line: usize,
  taps: i32,
  step: usize,
): void {
  for (; rows > 0; rows--, from += line) {
    const end = from + <usize>taps * step;
    for (let at = from; at < end; at += step) {
      const isMaximum = f32x4.eq(v128.load(at), maximum);
      const received = v128.and(gradient, isMaximum);
      v128.store(target + at, f32x4.add(v128.load(target + at), received));
      // What has been given away is not given again.
      gradient = v128.andnot(gradient, isMaximum);
    }
  }
}

function route(
  from: usize,
  target: usize,
  maximum: f32,
  gradient: f32,
  rows: i32,
  line: usize,
  taps: i32,
  step: usize,
): void {
  for (; rows > 0; rows--, from += line) {
    const end = from + <usize>taps * step;
    for (let at = from; at < end; at += step) {
      if (load<f32>(at) !== maximum) continue;
      store<f32>(target + at, load<f32>(target + at) + gradient);
      return;
    }
  }
}

/** Number of taps inside the image. */
function insideTaps(start: i32, dilation: i32, size: i32, taps: i32): i32 {
  return max(0, endTap(start, dilation, size, taps) - firstTap(start, dilation));
}

/** Bytes from the image's start to the first tap inside it. */
function firstInside(window: Window, top: i32, left: i32): usize {
  const row = top + firstTap(top, window.dilationHeight) * window.dilationHeight;
  const column = left + firstTap(left, window.dilationWidth) * window.dilationWidth;
  return bytesOf((row * window.width + column) * window.channels);
}
