import { type RandomSource, seededRandom } from "../random.ts";
import { bytesOfWords } from "../vector.ts";
import { flipSigns, type Reals, scale, transform } from "./rotation-kernels.ts";

/** Coordinates that a rotation mixes at a time: the largest power of two up to the dimension (1 to 2^31 - 1). */
export function rotatedDimension(dimension: number): number {
  return 2 ** (31 - Math.clz32(dimension));
}

/**
 * Rotates a vector, in place, so that hardly a coordinate stays large: random signs and a Walsh-Hadamard transform over the
 * first coordinates, then over the last ones, as many as {@link rotatedDimension} says. Linear; keeps the norm. `values`:
 * one at least, whose norm times the square root of their number is a float32. `seed`: public, of any length. Source:
 * Suresh et al. 2017, "Distributed mean estimation with limited communication", section 3.
 */
export function rotate(values: Float32Array, seed: Uint8Array): void {
  const random = seededRandom(seed);
  const [firstSigns, lastSigns] = [drawBits(random, values), drawBits(random, values)];
  flipSigns(values, firstSigns);
  mix(firstOf(values));
  flipSigns(values, lastSigns);
  mix(lastOf(values));
}

/** Undoes {@link rotate}, in place: the same bits on every machine. */
export function rotateBack(values: Float64Array, seed: Uint8Array): void {
  const random = seededRandom(seed);
  const [firstSigns, lastSigns] = [drawBits(random, values), drawBits(random, values)];
  mix(lastOf(values));
  flipSigns(values, lastSigns);
  mix(firstOf(values));
  flipSigns(values, firstSigns);
}

/** Its own inverse. */
function mix(values: Reals): void {
  transform(values);
  scale(values, 1 / Math.sqrt(values.length));
}

function firstOf(values: Reals): Reals {
  return values.subarray(0, rotatedDimension(values.length));
}

function lastOf(values: Reals): Reals {
  return values.subarray(values.length - rotatedDimension(values.length));
}

function drawBits(random: RandomSource, { length }: Reals): Uint32Array {
  const bits = new Uint32Array(Math.ceil(length / 32));
  random.fill(bytesOfWords(bits));
  return bits;
}
