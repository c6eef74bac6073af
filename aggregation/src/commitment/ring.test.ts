import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { fastRing, plainRing } from "./open-ring.ts";
import {
  BLOCK_WORDS,
  bitReversed,
  LANES,
  MODULI,
  multiplyModulo,
  powerModulo,
  RING_DEGREE,
  rootsOf,
} from "./ring.ts";
import { WasmRing } from "./wasm-ring.ts";

/** Words around every place where a residue is made in another way. */
const EDGES: readonly number[] = [
  ...[-(2 ** 31), -(2 ** 31) + 1, 2 ** 31 - 1, -1, 0, 1],
  ...MODULI.flatMap((p) => [-p - 1, -p, -p + 1, p - 1, p, p + 1]),
];
const words = fc.oneof(fc.constantFrom(...EDGES), fc.integer());
const modulus = fc.constantFrom(...MODULI);

function isPrime(candidate: number): boolean {
  for (let divisor = 2; divisor * divisor <= candidate; divisor++) {
    if (candidate % divisor === 0) return false;
  }
  return true;
}

/** A block that is zero but for a few words. */
const sparseBlocks = fc
  .uniqueArray(fc.tuple(fc.nat(BLOCK_WORDS - 1), words), { maxLength: 6, selector: ([at]) => at })
  .map((entries) => {
    const block = new Int32Array(BLOCK_WORDS);
    for (const [at, word] of entries) block[at] = word;
    return block;
  });

/** Residues that are cheap to make, with the largest among them. */
function factorsFrom(seed: number): Uint32Array {
  return Uint32Array.from({ length: MODULI.length * BLOCK_WORDS }, (_, index) => {
    const p = MODULI[Math.floor(index / BLOCK_WORDS)] ?? 1;
    return index % 97 === 0 ? p - 1 : multiplyModulo(seed % p, (index * 7919) % p, p);
  });
}

/** The sum of the four products at every root, in big integers, straight from the definition. */
function totalByDefinition(block: Int32Array, factors: Uint32Array): bigint[] {
  const entries = [...block.entries()].filter(([, word]) => word !== 0);
  return MODULI.flatMap((p, place) => {
    const prime = BigInt(p);
    const psi = BigInt(rootsOf(p)[bitReversed(1)] ?? 0);
    const powers = [1n];
    for (let i = 1; i < 2 * RING_DEGREE; i++) powers.push(((powers[i - 1] ?? 0n) * psi) % prime);
    return Array.from({ length: RING_DEGREE }, (_, position) => {
      let sum = 0n;
      for (const [at, word] of entries) {
        const [coefficient, lane] = [Math.floor(at / LANES), at % LANES];
        const exponent = ((2 * bitReversed(position) + 1) * coefficient) % (2 * RING_DEGREE);
        const factor = factors[place * BLOCK_WORDS + position * LANES + lane] ?? 0;
        sum += BigInt(word) * (powers[exponent] ?? 0n) * BigInt(factor);
      }
      return ((sum % prime) + prime) % prime;
    });
  });
}

describe("the field", () => {
  test("the moduli are the two largest primes below 2^31 that are 1 modulo 4096", () => {
    const found: number[] = [];
    for (let candidate = 2 ** 31 - 4095; found.length < 2; candidate -= 4096) {
      if (isPrime(candidate)) found.push(candidate);
    }
    expect(MODULI).toEqual(found);
  });

  test("products are those of big integers", () => {
    fc.assert(
      fc.property(modulus, fc.nat(), fc.nat(), fc.boolean(), (p, a, b, isLarge) => {
        const [x, y] = [isLarge ? p - 1 - (a % 1000) : a % p, b % p];
        expect(multiplyModulo(x, y, p)).toBe(Number((BigInt(x) * BigInt(y)) % BigInt(p)));
      }),
      { numRuns: 2000 },
    );
  });

  test("psi is a root of -1, and its powers' values are all roots of X^2048 + 1", () => {
    for (const p of MODULI) {
      const roots = rootsOf(p);
      const psi = roots[bitReversed(1)] ?? 0;
      expect(powerModulo(psi, RING_DEGREE, p)).toBe(p - 1);
      expect(new Set(roots).size).toBe(RING_DEGREE);
      for (let i = 0; i < RING_DEGREE; i += 101) {
        expect(roots[i]).toBe(powerModulo(psi, bitReversed(i), p));
      }
    }
  });
});

describe.each([
  ["in WebAssembly", fastRing()],
  ["in TypeScript", plainRing()],
])("the ring %s", (_name, ring) => {
  test("adds up products of polynomials modulo X^2048 + 1, as the definition has them", () => {
    fc.assert(
      fc.property(sparseBlocks, fc.nat(), (block, seed) => {
        const factors = factorsFrom(seed);
        using sum = ring.openSum();
        sum.addBlock(block, factors);
        expect([...sum.total()].map(BigInt)).toEqual(totalByDefinition(block, factors));
      }),
      { numRuns: 15 },
    );
  });

  test("changes neither the words nor the factors", () => {
    const [block, factors] = [new Int32Array(BLOCK_WORDS).fill(-5), factorsFrom(3)];
    using sum = ring.openSum();
    sum.addBlock(block, factors);
    expect(block).toEqual(new Int32Array(BLOCK_WORDS).fill(-5));
    expect(factors).toEqual(factorsFrom(3));
  });

  test("refuses blocks and factors of another length", () => {
    using sum = ring.openSum();
    const factors = factorsFrom(3);
    expect(() => sum.addBlock(new Int32Array(BLOCK_WORDS - 1), factors)).toThrow(RangeError);
    expect(() => sum.addBlock(new Int32Array(BLOCK_WORDS), factors.subarray(1))).toThrow(
      RangeError,
    );
  });

  test("keeps open sums apart", () => {
    const [block, factors] = [new Int32Array(BLOCK_WORDS).fill(7), factorsFrom(3)];
    using one = ring.openSum();
    using other = ring.openSum();
    one.addBlock(block, factors);
    expect(other.total().every((value) => value === 0)).toBe(true);
    other.addBlock(block, factors);
    expect(other.total()).toEqual(one.total());
  });
});

test("both rings give the same values for every block", () => {
  expect(fastRing()).toBeInstanceOf(WasmRing);
  const blocks = fc
    .array(words, { minLength: 200, maxLength: 200 })
    .map((some) => Int32Array.from({ length: BLOCK_WORDS }, (_, i) => (some[i % 200] ?? 0) ^ i));
  const [fast, plain] = [fastRing(), plainRing()];
  fc.assert(
    fc.property(fc.array(fc.tuple(blocks, fc.nat()), { maxLength: 3 }), (terms) => {
      using one = fast.openSum();
      using other = plain.openSum();
      for (const [block, seed] of terms) {
        for (const sum of [one, other]) sum.addBlock(block, factorsFrom(seed));
      }
      const total = one.total();
      expect(total).toEqual(other.total());
      expect(total.every((value, i) => value < (MODULI[i >= RING_DEGREE ? 1 : 0] ?? 0))).toBe(true);
    }),
    { numRuns: 25 },
  );
});
