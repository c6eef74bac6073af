import { RandomNumbers, seededRandom } from "@chorus/aggregation";
import {
  decodeHeSum,
  encodedLength,
  encodeHeUpdate,
  type HeEncoding,
  heParameters,
  type ValueBits,
} from "@chorus/aggregation/he";
import { SYNTHETIC_COUNTS } from "./synthetic-delta.ts";

/** Parameters of the demo's model. */
const DIMENSION = 25_450;
const CLIPPING_NORM = 10;

const MOST_FOR_16_BITS = 64;

/** How far a decoded mean is off, as a share of the mean's norm. */
export interface MeanError {
  readonly participants: number;
  /** The updates' norm as a share of what it is clipped to. */
  readonly normToClip: number;
  readonly bits8: number;
  readonly bits15: number;
  /** Undefined where there are too many participants for it. */
  readonly bits16: number | undefined;
  /** Of updates that are added up in float32. */
  readonly float32: number;
}

/** Encodes, adds and decodes updates that have a direction in common. */
export function meanError(participants: number, normToClip: number): MeanError {
  const updates = heavyTailedUpdates(participants, normToClip * CLIPPING_NORM);
  const exact = new Float64Array(DIMENSION);
  const single = new Float32Array(DIMENSION);
  for (const mean of [exact, single]) {
    for (const update of updates) addShare(mean, update, participants);
  }
  const errorOf = (mean: Float64Array | Float32Array) =>
    normOf(exact.map((value, i) => value - (mean[i] ?? Number.NaN))) / normOf(exact);
  const encodedWith = (bits: ValueBits) => errorOf(encodedMean(updates, bits));
  return {
    participants,
    normToClip,
    bits8: encodedWith(8),
    bits15: encodedWith(15),
    bits16: participants > MOST_FOR_16_BITS ? undefined : encodedWith(16),
    float32: errorOf(single),
  };
}

/** As parameters of a network change: few by much, most by little. */
function heavyTailedUpdates(count: number, norm: number): Float32Array[] {
  const numbers = new RandomNumbers(seededRandom("updates"));
  const normal = () =>
    Math.sqrt(-2 * Math.log(1 - numbers.unit())) * Math.cos(2 * Math.PI * numbers.unit());
  const heavy = () => normal() * Math.exp(normal());
  const common = Float64Array.from({ length: DIMENSION }, heavy);
  return Array.from({ length: count }, () => {
    const update = common.map((value) => value + heavy());
    const factor = norm / normOf(update);
    return Float32Array.from(update, (value) => value * factor);
  });
}

function encodedMean(updates: readonly Float32Array[], bits: ValueBits): Float64Array {
  const encoding: HeEncoding = {
    parameters: heParameters(bits, updates.length),
    dimension: DIMENSION,
    clippingNorm: CLIPPING_NORM,
    maxExamples: SYNTHETIC_COUNTS.trainingExamples,
    rotationSeed: new Uint8Array(32),
  };
  const sum = new Uint32Array(encodedLength(encoding));
  for (const [index, delta] of updates.entries()) {
    const update = { delta, counts: SYNTHETIC_COUNTS };
    const values = encodeHeUpdate(update, encoding, seededRandom(`rounding ${index}`));
    for (const [i, value] of values.entries()) sum[i] = (sum[i] as number) + value;
  }
  return decodeHeSum(sum, updates.length, encoding).meanDelta;
}

function addShare(
  mean: Float64Array | Float32Array,
  update: Float32Array,
  participants: number,
): void {
  for (const [i, value] of update.entries()) mean[i] = (mean[i] as number) + value / participants;
}

function normOf(values: Float64Array): number {
  return Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));
}
