/** Convolution of each channel for itself, and its gradients. `outChannels` = `channels` x multiplier. */
import { clear, FLOAT, multiplyAdd, VECTOR } from "./simd";
import { endTap, firstTap } from "./taps";
// biome-ignore lint/style/useImportType: the compiler knows no imports of types.
import { bytesOf, Window } from "./window";

/** What {@link forEachTap} does with a tap. */
const FORWARD: i32 = 0;
const FILTER_GRADIENT: i32 = 1;
const INPUT_GRADIENT: i32 = 2;

/** out = x * filter. `filter`: shape `[filterHeight, filterWidth, channels, multiplier]`. */
export function depthwise(window: Window, x: usize, filter: usize, out: usize): void {
  clear(out, bytesOf(window.batch * window.pixels * window.outChannels));
  forEachTap(FORWARD, window, x, filter, out);
}

/** filterGradient = the gradient of {@link depthwise} for `filter`. */
export function depthwiseFilterGradient(
  window: Window,
  x: usize,
  outGradient: usize,
  filterGradient: usize,
): void {
  clear(filterGradient, bytesOf(window.filterHeight * window.filterWidth * window.outChannels));
  forEachTap(FILTER_GRADIENT, window, x, filterGradient, outGradient);
}

/** xGradient = the gradient of {@link depthwise} for `x`. */
export function depthwiseInputGradient(
  window: Window,
  outGradient: usize,
  filter: usize,
  xGradient: usize,
): void {
  clear(xGradient, bytesOf(window.batch * window.imageSize));
  forEachTap(INPUT_GRADIENT, window, xGradient, filter, outGradient);
}

/** Visits every result and every tap of its window that lies inside the image. */
function forEachTap(action: i32, window: Window, x: usize, filter: usize, out: usize): void {
  const outPixel = bytesOf(window.outChannels);
  for (let image = 0; image < window.batch; image++, x += bytesOf(window.imageSize)) {
    for (let row = 0; row < window.outHeight; row++) {
      for (let column = 0; column < window.outWidth; column++, out += outPixel) {
        visitWindow(action, window, x, filter, out, row, column);
      }
    }
  }
}

function visitWindow(
  action: i32,
  window: Window,
  x: usize,
  filter: usize,
  out: usize,
  row: i32,
  column: i32,
): void {
  const channels = window.channels;
  const outChannels = window.outChannels;
  const top = row * window.strideHeight - window.top;
  const left = column * window.strideWidth - window.left;
  const lastRow = endTap(top, window.dilationHeight, window.height, window.filterHeight);
  const first = firstTap(left, window.dilationWidth);
  const last = endTap(left, window.dilationWidth, window.width, window.filterWidth);
  for (let tapRow = firstTap(top, window.dilationHeight); tapRow < lastRow; tapRow++) {
    const line = (top + tapRow * window.dilationHeight) * window.width;
    for (let tap = first; tap < last; tap++) {
      const pixel = x + bytesOf((line + left + tap * window.dilationWidth) * channels);
      const place = filter + bytesOf((tapRow * window.filterWidth + tap) * outChannels);
      if (channels === outChannels) visitTap(action, pixel, place, out, bytesOf(channels));
      else visitWideTap(action, pixel, place, out, channels, outChannels / channels);
    }
  }
}

/** One result a channel: whichever of the three is wanted, plus the product of the other two. */
function visitTap(action: i32, x: usize, filter: usize, out: usize, bytes: usize): void {
  const target = action === FORWARD ? out : action === FILTER_GRADIENT ? filter : x;
  const left = action === FORWARD ? x : out;
  const right = action === FILTER_GRADIENT ? x : filter;
  let offset: usize = 0;
  for (; offset + VECTOR <= bytes; offset += VECTOR) {
    const product = multiplyAdd(
      v128.load(left + offset),
      v128.load(right + offset),
      v128.load(target + offset),
    );
    v128.store(target + offset, product);
  }
  for (; offset < bytes; offset += FLOAT) {
    const product = load<f32>(left + offset) * load<f32>(right + offset);
    store<f32>(target + offset, load<f32>(target + offset) + product);
  }
}

/** Several results a channel. */
function visitWideTap(
  action: i32,
  x: usize,
  filter: usize,
  out: usize,
  channels: i32,
  multiplier: i32,
): void {
  for (let channel = 0; channel < channels; channel++, x += FLOAT) {
    for (let index = 0; index < multiplier; index++, filter += FLOAT, out += FLOAT) {
      if (action === FORWARD) {
        store<f32>(out, load<f32>(out) + load<f32>(x) * load<f32>(filter));
      } else if (action === FILTER_GRADIENT) {
        store<f32>(filter, load<f32>(filter) + load<f32>(x) * load<f32>(out));
      } else {
        store<f32>(x, load<f32>(x) + load<f32>(filter) * load<f32>(out));
      }
    }
  }
}
