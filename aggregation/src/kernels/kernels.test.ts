import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type RandomSource, seededRandom } from "../random.ts";
import { bytesOfWords } from "../vector.ts";
import { BLOCK_WORDS, type OpenKernels, type Rounding } from "./kernels.ts";
import { openFastKernels, openPlainKernels } from "./open-kernels.ts";
import { WasmKernels } from "./wasm-kernels.ts";

/** Lengths about the kernels' steps of 4 and 16 words, and about a whole block. */
const lengths = fc.oneof(
  fc.nat({ max: 70 }),
  fc.constantFrom(1023, 1024, 1025, BLOCK_WORDS - 17, BLOCK_WORDS - 1, BLOCK_WORDS),
);

/** Where in a longer buffer operands begin: in words for vectors, in bytes for terms. */
const offset = fc.nat({ max: 19 });

function wordsOf(seed: string, length: number): Uint32Array {
  const words = new Uint32Array(length);
  seededRandom(seed).fill(bytesOfWords(words));
  return words;
}

/** A random block between guards, and terms at any byte; what a block of guards and all becomes. */
const sums = fc.record({
  length: lengths,
  start: offset,
  seed: fc.string(),
  terms: fc.array(fc.record({ isAdded: fc.boolean(), start: offset }), { maxLength: 4 }),
});
type Sum = typeof sums extends fc.Arbitrary<infer T> ? T : never;

function accumulated(open: OpenKernels, { length, start, seed, terms }: Sum): Uint32Array {
  using kernels = open();
  const guarded = wordsOf(seed, length + start + 20);
  const block = guarded.subarray(start, start + length);
  const ringTerms = terms.map((term, i) => ({
    isAdded: term.isAdded,
    bytes: bytesOfWords(wordsOf(`${seed}${i}`, length + 20)).subarray(
      term.start,
      term.start + 4 * length,
    ),
  }));
  kernels.accumulate(block, ringTerms);
  return guarded;
}

/** Numbers from the ends of their ranges as often as from within. */
const values = fc.oneof(
  { weight: 3, arbitrary: fc.float({ min: -4, max: 4, noNaN: true }) },
  fc.float({ noNaN: true, noDefaultInfinity: true }),
  fc.constantFrom(0, -0, 0.5, -0.5, 1, -1, 2 ** -149, -(2 ** -149), 2 ** 24 - 1, 3.4e38, -3.4e38),
);
const words = fc.oneof(
  fc.nat({ max: 2 ** 32 - 1 }),
  fc.constantFrom(0, 1, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 2, 2 ** 32 - 1),
);
const roundings: fc.Arbitrary<Rounding> = fc.record({
  factor: fc.oneof(
    fc.double({ min: 0, max: 2 ** 24, noNaN: true }),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.constantFrom(0, -0, 1, 2 ** 24, 2 ** 23 / 3, -(2 ** 24), 5e-324, Number.MAX_VALUE),
  ),
  limit: fc.oneof(
    fc.nat({ max: 2 ** 31 - 1 }),
    fc.constantFrom(0, 1, 2 ** 28 + 1, 2 ** 31 - 2, 2 ** 31 - 1),
  ),
});

/** A source that repeats what it was given. */
function given(words: readonly number[]): RandomSource {
  return { fill: (bytes) => bytes.set(bytesOfWords(Uint32Array.from(words))) };
}

interface Quantising {
  readonly pairs: readonly (readonly [value: number, word: number])[];
  readonly rounding: Rounding;
  readonly start: number;
}
const quantisings: fc.Arbitrary<Quantising> = fc.record({
  pairs: fc.array(fc.tuple(values, words), { maxLength: 70 }),
  rounding: roundings,
  start: offset,
});

function quantised(open: OpenKernels, { pairs, rounding, start }: Quantising): Uint32Array {
  using kernels = open();
  const guarded = wordsOf("guards", pairs.length + start + 20);
  const source = Float32Array.from([...new Float32Array(start), ...pairs.map(([value]) => value)]);
  const target = guarded.subarray(start, start + pairs.length);
  const random = given(pairs.map(([, word]) => word));
  kernels.quantise(target, source.subarray(start), rounding, random);
  return guarded;
}

test("what runs here is WebAssembly", () => {
  using kernels = openFastKernels();
  expect(kernels).toBeInstanceOf(WasmKernels);
});

test("both kernels leave the same bytes after adding and subtracting, whatever length and alignment", () => {
  fc.assert(
    fc.property(sums, (sum) => {
      const fast = bytesOfWords(accumulated(openFastKernels, sum));
      expect(Buffer.compare(fast, bytesOfWords(accumulated(openPlainKernels, sum)))).toBe(0);
    }),
    { numRuns: 200 },
  );
});

test("both kernels quantise to the same bytes, at any value, factor, limit, draw, length and alignment", () => {
  fc.assert(
    fc.property(quantisings, (quantising) => {
      const fast = quantised(openFastKernels, quantising);
      expect(fast).toEqual(quantised(openPlainKernels, quantising));
    }),
    { numRuns: 2000 },
  );
});

test("both kernels quantise a whole block to the same bytes", () => {
  const values = Float32Array.from(wordsOf("values", BLOCK_WORDS), (word) => word / 2 ** 31 - 1);
  const [fast, plain] = [openFastKernels, openPlainKernels].map((open) => {
    using kernels = open();
    const target = new Uint32Array(BLOCK_WORDS);
    const rounding = { factor: 12_345_678.9, limit: 12_000_000 };
    kernels.quantise(target, values, rounding, seededRandom("rounding"));
    return target;
  });
  expect(fast).toEqual(plain);
});

describe.each([
  ["fast", openFastKernels],
  ["plain", openPlainKernels],
] as const)("the %s kernels", (_, open) => {
  test("add and subtract modulo 2^32, and touch nothing beside the block", () => {
    fc.assert(
      fc.property(sums, (sum) => {
        const wanted = wordsOf(sum.seed, sum.length + sum.start + 20);
        for (const [t, { isAdded, start }] of sum.terms.entries()) {
          const bytes = bytesOfWords(wordsOf(`${sum.seed}${t}`, sum.length + 20));
          const view = new DataView(bytes.buffer, start);
          for (let i = 0; i < sum.length; i++) {
            const term = view.getUint32(4 * i, true);
            const at = sum.start + i;
            wanted[at] = (wanted[at] ?? Number.NaN) + (isAdded ? term : -term);
          }
        }
        const got = bytesOfWords(accumulated(open, sum));
        expect(Buffer.compare(got, bytesOfWords(wanted))).toBe(0);
      }),
      { numRuns: 50 },
    );
  });

  test("round up exactly when the draw is below the fraction, and clamp to the limit", () => {
    const cases = [
      [2.25, 2 ** 30 - 1, 3],
      [2.25, 2 ** 30, 2],
      [-2.25, 3 * 2 ** 30 - 1, -2],
      [-2.25, 3 * 2 ** 30, -3],
      [7, 0, 7],
      [99.5, 0, 100],
      [100.5, 0, 100],
      [-100.5, 2 ** 32 - 1, -100],
      [3.4e38, 0, 100],
    ] as const;
    const pairs = cases.map(([value, word]) => [value, word] as const);
    const rounding = { factor: 1, limit: 100 };
    const got = quantised(open, { pairs, rounding, start: 0 }).subarray(0, cases.length);
    expect([...new Int32Array(got)]).toEqual(cases.map(([, , wanted]) => wanted));
  });

  test("refuse blocks that are too long, operands of other lengths, and roundings out of range", () => {
    using kernels = open();
    const long = new Uint32Array(BLOCK_WORDS + 1);
    const [block, floats] = [new Uint32Array(8), new Float32Array(8)];
    const random = seededRandom("refused");
    const term = (bytes: number) => [{ bytes: new Uint8Array(bytes), isAdded: true }];
    const fine = { factor: 1, limit: 1 };
    const refused = [
      () => kernels.accumulate(long, []),
      () => kernels.accumulate(block, term(28)),
      () => kernels.accumulate(block, term(33)),
      () => kernels.quantise(long, new Float32Array(BLOCK_WORDS + 1), fine, random),
      () => kernels.quantise(block, floats.subarray(1), fine, random),
      ...[Number.NaN, Number.POSITIVE_INFINITY].map(
        (factor) => () => kernels.quantise(block, floats, { ...fine, factor }, random),
      ),
      ...[-1, 0.5, 2 ** 31, Number.NaN].map(
        (limit) => () => kernels.quantise(block, floats, { ...fine, limit }, random),
      ),
    ];
    for (const call of refused) expect(call).toThrow(RangeError);
  });

  test("leave no byte of their memory standing when they are disposed of", () => {
    // Draws are written straight to the kernels' memory, which is how the test gets to see all of it.
    let memory: Uint8Array = new Uint8Array();
    const random: RandomSource = {
      fill: (bytes) => {
        memory = new Uint8Array(bytes.buffer);
        seededRandom("seen").fill(bytes);
      },
    };
    const kernels = open();
    kernels.quantise(
      new Uint32Array(64),
      new Float32Array(64).fill(3),
      { factor: 1, limit: 9 },
      random,
    );
    kernels.accumulate(wordsOf("block", 64), [
      { bytes: bytesOfWords(wordsOf("term", 64)), isAdded: true },
    ]);
    expect(memory.some((byte) => byte !== 0)).toBe(true);
    kernels[Symbol.dispose]();
    expect(memory.every((byte) => byte === 0)).toBe(true);
  });
});
