/** Which taps of a window lie inside the image, along one dimension. */

/** The first tap inside, where the window begins at `start`. */
export function firstTap(start: i32, dilation: i32): i32 {
  return start >= 0 ? 0 : (dilation - 1 - start) / dilation;
}

/** One more than the last tap inside an image of `size`; not above {@link firstTap} where there is none. */
export function endTap(start: i32, dilation: i32, size: i32, taps: i32): i32 {
  return start >= size ? 0 : min(taps, (size - start + dilation - 1) / dilation);
}
