import { putLane, takeLane } from "./coefficients.ts";
import { HeError } from "./he-error.ts";
import { DEGREE, type HeParameters, requireParticipants } from "./parameters.ts";
import { firstBeyond } from "./value-kernels.ts";

/**
 * How values lie in coefficients. A chunk is one plaintext: coefficient 0 is its sentinel, always 1, so that a sum's is the
 * number of participants in it; every other has a value in each lane, values of one lane one after the other. Values
 * are unsigned; behind the last there are zeros.
 */

/** Words of a chunk: two for each coefficient. */
export const CHUNK_WORDS: number = 2 * DEGREE;

/** Coefficients of a chunk that hold values. */
const VALUE_COEFFICIENTS = DEGREE - 1;

/** Values in a chunk: 6141 or 4094. */
export function valuesPerChunk({ lanes }: HeParameters): number {
  return lanes * VALUE_COEFFICIENTS;
}

/** Chunks that so many values take. */
export function chunkCount(parameters: HeParameters, values: number): number {
  return Math.ceil(values / valuesPerChunk(parameters));
}

/**
 * Values as coefficients, shape `[chunks, CHUNK_WORDS]`. Throws {@link HeError} `out-of-range`, naming the index, for a value
 * of more than `valueBits` bits. `firstIndex`: of the first value, where they are a section of a longer vector.
 */
export function packValues(
  parameters: HeParameters,
  values: Uint16Array,
  firstIndex = 0,
): Uint32Array {
  const { valueBits, laneBits } = parameters;
  const index = firstBeyond(values, 2 ** valueBits - 1);
  if (index >= 0) {
    throw new HeError(
      "out-of-range",
      `value ${firstIndex + index} has more than ${valueBits} bits`,
    );
  }
  const coefficients = new Uint32Array(CHUNK_WORDS * chunkCount(parameters, values.length));
  for (const { chunk, lane, offset } of stretches(parameters, values.length)) {
    const words = chunkOf(coefficients, chunk);
    words[0] = 1;
    const stretch = values.subarray(offset, offset + VALUE_COEFFICIENTS);
    putLane(words.subarray(2), stretch, lane * laneBits);
  }
  return coefficients;
}

/**
 * The sums of `participants` participants' values. `coefficients`: the sum of what they packed, masks taken off, shape
 * `[chunks, CHUNK_WORDS]`; the result: shape `[count]`. Throws {@link HeError} `wrong-sum` naming the chunk whose sentinel is
 * not their number, or which has anything behind the last value: it was decrypted with another key, lacks a participant, has
 * one twice, or was changed on the way; `overflow` for a sum that so many values cannot have; `wrong-length`.
 * `firstChunk`: of a section of a longer vector.
 */
export function unpackSums(
  parameters: HeParameters,
  coefficients: Uint32Array,
  count: number,
  participants: number,
  firstChunk = 0,
): Uint32Array {
  requireParticipants(parameters, participants);
  const chunks = chunkCount(parameters, count);
  if (coefficients.length !== CHUNK_WORDS * chunks) {
    const message = `sum has ${coefficients.length} words, wanted ${chunks} chunks of ${CHUNK_WORDS}`;
    throw new HeError("wrong-length", message);
  }
  for (let chunk = 0; chunk < chunks; chunk++) {
    requireSentinel(chunkOf(coefficients, chunk), firstChunk + chunk, participants);
  }
  const all = new Uint32Array(chunks * valuesPerChunk(parameters));
  const { laneBits } = parameters;
  for (const { chunk, lane, offset } of stretches(parameters, all.length)) {
    const target = all.subarray(offset, offset + VALUE_COEFFICIENTS);
    takeLane(target, chunkOf(coefficients, chunk).subarray(2), lane * laneBits, laneBits);
  }
  requireZeros(all.subarray(count), firstChunk + chunks - 1);
  const sums = all.subarray(0, count);
  requireReachable(parameters, sums, participants, firstChunk * valuesPerChunk(parameters));
  return sums;
}

/** A chunk's coefficients, over the same memory. */
export function chunkOf(coefficients: Uint32Array, chunk: number): Uint32Array {
  return coefficients.subarray(chunk * CHUNK_WORDS, (chunk + 1) * CHUNK_WORDS);
}

function requireSentinel(words: Uint32Array, chunk: number, participants: number): void {
  if (words[0] === participants && words[1] === 0) return;
  // What stands there instead is a masked or random number: it says nothing and stays here.
  const message = `chunk ${chunk} is not the sum of ${participants} participants under this key`;
  throw new HeError("wrong-sum", message);
}

/** What is behind the last value is part of no commitment. */
function requireZeros(words: Uint32Array, chunk: number): void {
  if (firstBeyond(words, 0) < 0) return;
  throw new HeError("wrong-sum", `chunk ${chunk} has something behind its last value`);
}

function requireReachable(
  { valueBits }: HeParameters,
  sums: Uint32Array,
  participants: number,
  firstIndex: number,
): void {
  const most = participants * (2 ** valueBits - 1);
  const index = firstBeyond(sums, most);
  if (index < 0) return;
  throw new HeError(
    "overflow",
    `sum ${firstIndex + index} is beyond what ${participants} participants add up to`,
  );
}

interface Stretch {
  readonly chunk: number;
  readonly lane: number;
  /** Of the first value. */
  readonly offset: number;
}

/** Where values lie: a stretch for each lane that has any. */
function* stretches({ lanes }: HeParameters, values: number): Generator<Stretch> {
  for (let offset = 0; offset < values; offset += VALUE_COEFFICIENTS) {
    const index = offset / VALUE_COEFFICIENTS;
    yield { chunk: Math.floor(index / lanes), lane: index % lanes, offset };
  }
}
