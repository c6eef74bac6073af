// biome-ignore-all lint/style/noNonNullAssertion: kernels over typed arrays, whose lengths are checked at the door.
import {
  BLOCK_WORDS,
  LANES,
  MODULI,
  type Ring,
  type RingSum,
  requireBlock,
  rootsOf,
} from "./ring.ts";

/** Arithmetic modulo one prime. */
interface Field {
  readonly modulus: number;
  /** See `rootsOf`. */
  readonly roots: Int32Array;
  /** roots / modulus, so that a quotient costs one multiplication. */
  readonly ratios: Float64Array;
}

/**
 * The ring in TypeScript alone: what the fast one is checked against, and what runs where there is no WebAssembly. No
 * BigInt: a product modulo p is a * b - round(a * b / p) * p, the quotient in float64, the difference in 32 bits.
 */
export class PlainRing implements Ring {
  readonly #fields: readonly Field[] = MODULI.map((modulus) => {
    const roots = rootsOf(modulus);
    return { modulus, roots, ratios: Float64Array.from(roots, (root) => root / modulus) };
  });

  openSum(): RingSum {
    return new PlainRingSum(this.#fields);
  }
}

class PlainRingSum implements RingSum {
  readonly #fields: readonly Field[];
  readonly #sums: readonly Int32Array[];
  readonly #scratch = new Int32Array(BLOCK_WORDS);

  constructor(fields: readonly Field[]) {
    this.#fields = fields;
    this.#sums = fields.map(() => new Int32Array(BLOCK_WORDS));
  }

  addBlock(words: Int32Array, factors: Uint32Array): void {
    requireBlock(words, factors);
    const signed = new Int32Array(factors.buffer, factors.byteOffset, factors.length);
    for (const [index, field] of this.#fields.entries()) {
      residuesInto(this.#scratch, words, field.modulus);
      transform(this.#scratch, field);
      const factor = signed.subarray(index * BLOCK_WORDS, (index + 1) * BLOCK_WORDS);
      addProducts(this.#sums[index]!, this.#scratch, factor, field.modulus);
    }
  }

  total(): Uint32Array {
    const parts = this.#fields.map(({ modulus }, index) => sumOfLanes(this.#sums[index]!, modulus));
    return Uint32Array.from(parts.flatMap((part) => [...part]));
  }

  [Symbol.dispose](): void {
    this.#scratch.fill(0);
    for (const sum of this.#sums) sum.fill(0);
  }
}

/** Adds up the four lanes modulo p. `block`: shape `[RING_DEGREE, LANES]`, residues; the result: `[RING_DEGREE]`. */
export function sumOfLanes(block: Int32Array, modulus: number): Uint32Array {
  return Uint32Array.from({ length: block.length / LANES }, (_, index) => {
    let sum = 0;
    for (let lane = 0; lane < LANES; lane++) sum += block[index * LANES + lane]!;
    return sum % modulus;
  });
}

/** target = words modulo p. Words are any int32: -2^31 is below -p, so that p is added twice to what is negative. */
function residuesInto(target: Int32Array, words: Int32Array, modulus: number): void {
  for (let i = 0; i < target.length; i++) {
    let residue = words[i]!;
    residue += modulus & (residue >> 31);
    residue += modulus & (residue >> 31);
    residue -= modulus;
    target[i] = residue + (modulus & (residue >> 31));
  }
}

/**
 * The values at the roots of X^2048 + 1 of the four polynomials of a block, in place, residues throughout.
 * Source: Longa and Naehrig 2016, algorithm 1 (the order of roots makes the bit reversal and the twist unnecessary).
 */
function transform(block: Int32Array, field: Field): void {
  let half = block.length / 2;
  for (let groups = 1; half >= LANES; groups *= 2) {
    for (let group = 0; group < groups; group++) {
      butterflies(block, 2 * group * half, half, field, groups + group);
    }
    half /= 2;
  }
}

/** (a, b) = (a + root b, a - root b) for `half` words from `start` on and as many behind them, residues. */
function butterflies(
  block: Int32Array,
  start: number,
  half: number,
  { modulus, roots, ratios }: Field,
  position: number,
): void {
  const [root, ratio] = [roots[position]!, ratios[position]!];
  for (let upper = start, lower = start + half; upper < start + half; upper++, lower++) {
    const value = block[lower]!;
    const quotient = (value * ratio + 0.5) | 0;
    let product = (Math.imul(value, root) - Math.imul(quotient, modulus)) | 0;
    product += modulus & (product >> 31);
    const sum = block[upper]! - (modulus - product);
    const difference = block[upper]! - product;
    block[upper] = sum + (modulus & (sum >> 31));
    block[lower] = difference + (modulus & (difference >> 31));
  }
}

/** sum += values * factors, residues. */
function addProducts(
  sum: Int32Array,
  values: Int32Array,
  factors: Int32Array,
  modulus: number,
): void {
  const ratio = 1 / modulus;
  for (let i = 0; i < sum.length; i++) {
    const [value, factor] = [values[i]!, factors[i]!];
    const quotient = (value * factor * ratio + 0.5) | 0;
    let product = (Math.imul(value, factor) - Math.imul(quotient, modulus)) | 0;
    product += modulus & (product >> 31);
    const next = sum[i]! - (modulus - product);
    sum[i] = next + (modulus & (next >> 31));
  }
}
