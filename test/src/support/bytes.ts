import { systemRandom } from "@chorus/aggregation";

/** Bytes that nobody has seen before. */
export function randomBytes(length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  systemRandom.fill(bytes);
  return bytes;
}

/** The same bytes with one bit turned. */
export function flipped(bytes: Uint8Array): Uint8Array {
  return bytes.map((byte, index) => (index === 0 ? byte ^ 1 : byte));
}
