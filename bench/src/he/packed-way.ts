import { systemRandom } from "@chorus/aggregation";
import {
  applyCoefficientMasks,
  ChunkAdder,
  ChunkCipher,
  CIPHERTEXT_BYTES,
  chunkCount,
  chunkOf,
  decodeHeSum,
  encodedLength,
  encodeHeUpdate,
  type HeEncoding,
  HeKey,
  type HeParameters,
  heParameters,
  packSum,
  type Seal,
  SUM_BYTES,
  SUM_WORDS,
  type ValueBits,
} from "@chorus/aggregation/he";
import { PARAMETERS, PEERS, StepMeters, type StepSeconds, type Way } from "./he-costs.ts";
import { SYNTHETIC_COUNTS, syntheticDelta } from "./synthetic-delta.ts";

/** Ours: packed integers in BGV. */
export class PackedWay implements Way {
  readonly name: string;
  readonly sentBytes: number;
  readonly sumBytes: number;
  readonly #encoding: HeEncoding;
  readonly #cipher: ChunkCipher;
  readonly #adder: ChunkAdder;
  readonly #chunks: number;

  constructor(seal: Seal, valueBits: ValueBits) {
    const parameters = heParameters(valueBits, 2);
    this.name = `ours, ${nameOf(parameters)}`;
    this.#encoding = encodingOf(parameters, PARAMETERS);
    this.#chunks = chunkCount(parameters, encodedLength(this.#encoding));
    this.sentBytes = (this.#chunks * CIPHERTEXT_BYTES) / PARAMETERS;
    this.sumBytes = (this.#chunks * SUM_BYTES) / PARAMETERS;
    this.#cipher = new ChunkCipher(seal, HeKey.make(parameters, systemRandom));
    this.#adder = new ChunkAdder(seal, parameters);
  }

  measure(): StepSeconds {
    const meters = new StepMeters();
    const update = { delta: syntheticDelta("update", PARAMETERS), counts: SYNTHETIC_COUNTS };
    const encoded = meters.measure("quantise", () =>
      encodeHeUpdate(update, this.#encoding, systemRandom),
    );
    const masks = { added: randomSeeds(PEERS / 2), subtracted: randomSeeds(PEERS / 2) };
    const masked = encoded.slice();
    meters.measure("mask", () => applyCoefficientMasks(this.#encoding.parameters, masked, masks));
    const chunks = Array.from({ length: this.#chunks }, (_, chunk) => chunkOf(encoded, chunk));
    const ciphertexts = meters.measure("encrypt", () =>
      chunks.map((chunk) => this.#cipher.encrypt(chunk)),
    );
    const sums = ciphertexts.map((ciphertext) => {
      const sum = new Uint32Array(SUM_WORDS);
      this.#adder.addTo(sum, ciphertext);
      return sum;
    });
    meters.measure("add", () => this.#addAll(sums, ciphertexts));
    const bytes = sums.map(packSum);
    meters.measure("open", () => this.#openAll(chunks, bytes));
    meters.measure("open", () => decodeHeSum(encoded, 2, this.#encoding));
    return meters.seconds;
  }

  #addAll(sums: readonly Uint32Array[], ciphertexts: readonly Uint8Array[]): void {
    for (const [chunk, ciphertext] of ciphertexts.entries()) {
      const sum = sums[chunk];
      if (sum !== undefined) this.#adder.addTo(sum, ciphertext);
    }
  }

  #openAll(chunks: readonly Uint32Array[], sums: readonly Uint8Array[]): void {
    for (const [chunk, sum] of sums.entries()) chunks[chunk]?.set(this.#cipher.decrypt(sum));
  }
}

function nameOf({ lanes, laneBits, valueBits }: HeParameters): string {
  return `BGV ${lanes} x ${laneBits}, ${valueBits} bits`;
}

/** Values of the synthetic updates, of which nothing is clipped. */
export function encodingOf(parameters: HeParameters, dimension: number): HeEncoding {
  return { parameters, dimension, clippingNorm: 1e6, largestValue: 1, maxExamples: 1000 };
}

function randomSeeds(count: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(32 * count);
  systemRandom.fill(bytes);
  return bytes;
}
