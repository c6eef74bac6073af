/** Images with borders. */
import { clear, copy } from "./simd";
import { bytesOf } from "./window";

/**
 * Copies an image of `height` x `width` pixels into one of `paddedHeight` x `paddedWidth` that begins `top` rows above
 * and `left` columns before it: zeros around it, and what lies outside is cut off.
 */
export function padImage(
  target: usize,
  source: usize,
  height: i32,
  width: i32,
  channels: i32,
  top: i32,
  left: i32,
  paddedHeight: i32,
  paddedWidth: i32,
): void {
  const before = bytesOf(min(max(left, 0), paddedWidth) * channels);
  const first = max(-left, 0);
  const shared = bytesOf(max(min(width, paddedWidth - left) - first, 0) * channels);
  const line = bytesOf(paddedWidth * channels);
  for (let row = -top; row < paddedHeight - top; row++, target += line) {
    if (row < 0 || row >= height || shared === 0) {
      clear(target, line);
      continue;
    }
    clear(target, before);
    copy(target + before, source + bytesOf((row * width + first) * channels), shared);
    clear(target + before + shared, line - before - shared);
  }
}
