import { seededRandom, systemRandom } from "@chorus/aggregation";
import {
  CHUNK_WORDS,
  ChunkAdder,
  ChunkCipher,
  chunkCount,
  chunkOf,
  encodedLength,
  encodeHeUpdate,
  HeKey,
  type HeParameters,
  packSum,
  type Seal,
  SUM_WORDS,
} from "@chorus/aggregation/he";
import { encodingOf } from "./packed-way.ts";
import { SYNTHETIC_COUNTS, syntheticDelta } from "./synthetic-delta.ts";

/** What came of adding up as many participants' values as there may be. */
export interface WrongValues {
  readonly participants: number;
  readonly values: number;
  readonly wrong: number;
}

/** Encrypts, adds and decrypts updates of `dimension` parameters, and counts the sums that are not the integers' sums. */
export function countWrongValues(
  seal: Seal,
  parameters: HeParameters,
  dimension: number,
): WrongValues {
  const { maxParticipants: participants } = parameters;
  const encoding = encodingOf(parameters, dimension);
  const chunks = chunkCount(parameters, encodedLength(encoding));
  using cipher = new ChunkCipher(seal, HeKey.make(parameters, systemRandom));
  using adder = new ChunkAdder(seal, parameters);
  const exact = new Float64Array((chunks * CHUNK_WORDS) / 2);
  const sums = Array.from({ length: chunks }, () => new Uint32Array(SUM_WORDS));
  for (let index = 0; index < participants; index++) {
    const update = { delta: syntheticDelta(`${index}`, dimension), counts: SYNTHETIC_COUNTS };
    const encoded = encodeHeUpdate(update, encoding, seededRandom(`rounding ${index}`));
    addExactly(exact, encoded);
    for (const [chunk, sum] of sums.entries()) {
      adder.addTo(sum, cipher.encrypt(chunkOf(encoded, chunk)));
    }
  }
  const opened = new Uint32Array(chunks * CHUNK_WORDS);
  for (const [chunk, sum] of sums.entries()) {
    chunkOf(opened, chunk).set(cipher.decrypt(packSum(sum)));
  }
  const wrong = wrongLanes(parameters, exact, opened);
  return { participants, values: exact.length * parameters.lanes, wrong };
}

/** Sums of coefficients stay below 2^45, where float64 is exact. */
function addExactly(exact: Float64Array, words: Uint32Array): void {
  for (let i = 0; i < exact.length; i++) exact[i] = (exact[i] as number) + coefficient(words, i);
}

/** Lanes in which `opened` is not `exact`. Shapes `[coefficients]` and two words for each. */
export function wrongLanes(
  { lanes, laneBits }: HeParameters,
  exact: Float64Array,
  opened: Uint32Array,
): number {
  let wrong = 0;
  for (const [i, sum] of exact.entries()) {
    for (let lane = 0; lane < lanes; lane++) {
      const of = (number: number) => Math.floor(number / 2 ** (lane * laneBits)) % 2 ** laneBits;
      if (of(sum) !== of(coefficient(opened, i))) wrong += 1;
    }
  }
  return wrong;
}

function coefficient(words: Uint32Array, index: number): number {
  return (words[2 * index] as number) + (words[2 * index + 1] as number) * 2 ** 32;
}
