import { Keystream, wipeAndFree } from "../masking/keystream.ts";
import type { MaskSeeds } from "../masking/mask-set.ts";
import { wordsOfBytes } from "../vector.ts";
import { addCoefficients, reduceCoefficients, subtractCoefficients } from "./coefficients.ts";
import { CHUNK_WORDS } from "./lanes.ts";
import type { HeParameters } from "./parameters.ts";

/** Bytes that a mask expands from: a key and a counter. */
const SEED_BYTES = 32;

/** Words of a stretch that masks are applied to at once: 128 KiB. */
const STRETCH_WORDS = 8 * CHUNK_WORDS;

/**
 * Adds or subtracts every mask modulo the plaintext modulus, in place: of each mask, 64 bits of its keystream to a
 * coefficient. 2^plainBits divides 2^64, so that what is left of a mask is uniform, and masks that cancel leave nothing.
 * Sentinels are masked like everything else. `coefficients`: shape `[chunks, CHUNK_WORDS]`; `firstChunk`: their place in
 * the whole vector, so that chunks masked one by one are masked as the whole is.
 */
export function applyCoefficientMasks(
  { plainBits }: HeParameters,
  coefficients: Uint32Array,
  { added, subtracted }: MaskSeeds,
  firstChunk = 0,
): void {
  const open = (seeds: Uint8Array) => keystreams(seeds, firstChunk * CHUNK_WORDS);
  const [plus, minus] = [open(added), open(subtracted)];
  const zeros = new Uint8Array(4 * STRETCH_WORDS);
  for (let offset = 0; offset < coefficients.length; offset += STRETCH_WORDS) {
    const stretch = coefficients.subarray(offset, offset + STRETCH_WORDS);
    const length = zeros.subarray(0, stretch.byteLength);
    for (const stream of plus) withNext(stream, length, (mask) => addCoefficients(stretch, mask));
    for (const stream of minus) {
      withNext(stream, length, (mask) => subtractCoefficients(stretch, mask));
    }
  }
  reduceCoefficients(coefficients, plainBits);
}

function keystreams(seeds: Uint8Array, firstWord: number): Keystream[] {
  return Array.from({ length: seeds.length / SEED_BYTES }, (_, index) => {
    const keyAndCounter = seeds.subarray(SEED_BYTES * index, SEED_BYTES * (index + 1));
    return new Keystream(keyAndCounter, firstWord);
  });
}

/** Hands out a keystream's next words, and wipes them. */
function withNext(stream: Keystream, zeros: Uint8Array, use: (words: Uint32Array) => void): void {
  const bytes = stream.next(zeros);
  try {
    use(wordsOfBytes(bytes));
  } finally {
    wipeAndFree(bytes);
  }
}
