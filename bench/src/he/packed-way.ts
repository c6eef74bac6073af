import { COMMITMENT_BYTES, systemRandom } from "@chorus/aggregation";
import {
  applyCoefficientMasks,
  CIPHERTEXT_BYTES,
  chunkCount,
  decodeHeSum,
  EncryptedSum,
  encodeHeUpdate,
  type HeEncoding,
  type HeParameters,
  heParameters,
  heValueCount,
  ParticipantCipher,
  packValues,
  SUM_BYTES,
  type ValueBits,
} from "@chorus/aggregation/he";
import { PARAMETERS, PEERS, StepMeters, type StepSeconds, type Way } from "./he-costs.ts";
import { randomSeeds, SYNTHETIC_COUNTS, syntheticDelta } from "./synthetic-delta.ts";

/**
 * Ours: packed integers in BGV. The commitment is in the bytes, its randomness in values and bytes; making it, 12 to 40 ms,
 * is not counted here nor in masking.
 */
export class PackedWay implements Way, Disposable {
  readonly name: string;
  readonly sentBytes: number;
  readonly sumBytes: number;
  readonly #encoding: HeEncoding;
  readonly #values: number;
  readonly #cipher: ParticipantCipher;

  private constructor(parameters: HeParameters, cipher: ParticipantCipher) {
    const { lanes, laneBits, valueBits } = parameters;
    this.name = `ours, BGV ${lanes} x ${laneBits}, ${valueBits} bits`;
    this.#encoding = encodingOf(parameters, PARAMETERS);
    this.#values = heValueCount(parameters, PARAMETERS);
    const chunks = chunkCount(parameters, this.#values);
    this.sentBytes = (chunks * CIPHERTEXT_BYTES + COMMITMENT_BYTES) / PARAMETERS;
    this.sumBytes = (chunks * SUM_BYTES) / PARAMETERS;
    this.#cipher = cipher;
  }

  static async open(valueBits: ValueBits): Promise<PackedWay> {
    const parameters = heParameters(valueBits, 2);
    return new PackedWay(parameters, await ParticipantCipher.open(parameters, randomSeeds(1)));
  }

  async measure(): Promise<StepSeconds> {
    const { parameters } = this.#encoding;
    const meters = new StepMeters();
    const update = { delta: syntheticDelta("update", PARAMETERS), counts: SYNTHETIC_COUNTS };
    const values = new Uint16Array(this.#values);
    values.set(
      meters.measure("quantise", () => encodeHeUpdate(update, this.#encoding, systemRandom)),
    );
    const masks = { added: randomSeeds(PEERS / 2), subtracted: randomSeeds(PEERS / 2) };
    const coefficients = packValues(parameters, values);
    meters.measure("mask", () => applyCoefficientMasks(parameters, coefficients, masks));
    const none = { added: randomSeeds(0), subtracted: randomSeeds(0) };
    const ciphertexts = meters.measure("encrypt", () => this.#cipher.encrypt(values, none));
    using sum = await EncryptedSum.open(parameters, this.#values);
    await sum.add(sum.check(ciphertexts));
    // As the coordinator does: it looks at an upload before it takes it for one.
    const checked = meters.measure("add", () => sum.check(ciphertexts));
    await meters.measureAsync("add", () => sum.add(checked));
    await meters.measureAsync("takeOff", () => sum.takeOff(masks));
    const encrypted = await sum.takeOff(none);
    const sums = meters.measure("open", () => this.#cipher.openSum(encrypted, this.#values, 2));
    meters.measure("decode", () => decodeHeSum(sums, 2, this.#encoding));
    return meters.seconds;
  }

  [Symbol.dispose](): void {
    this.#cipher[Symbol.dispose]();
  }
}

/** The synthetic updates' norm is at the clip, or a little below. */
export function encodingOf(parameters: HeParameters, dimension: number): HeEncoding {
  const clippingNorm = Math.sqrt(dimension / 3) * 1.01;
  return { parameters, dimension, clippingNorm, maxExamples: 1000, rotationSeed: randomSeeds(1) };
}
