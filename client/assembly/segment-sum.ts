/** Sums of rows by segment: the gradient of a gather, hence of an embedding. */
import { add, clear } from "./simd";

/**
 * out = for each of `segments`, the sum of the rows of `x` whose id it is; 0 without any. `x`: `rows` of `rowBytes`,
 * float32; `ids`: int32; rows with an id out of range are left out.
 */
export function segmentSum(
  x: usize,
  ids: usize,
  out: usize,
  rows: usize,
  rowBytes: usize,
  segments: u32,
): void {
  clear(out, <usize>segments * rowBytes);
  for (let row: usize = 0; row < rows; row++, ids += 4, x += rowBytes) {
    const segment = load<u32>(ids);
    if (segment < segments) add(out + <usize>segment * rowBytes, x, rowBytes);
  }
}
