import { ringModuleBase64 } from "./generated/ring-module.ts";
import { sumOfLanes } from "./plain-ring.ts";
import {
  BLOCK_WORDS,
  MODULI,
  multiplyModulo,
  RING_DEGREE,
  type Ring,
  type RingSum,
  requireBlock,
  rootsOf,
} from "./ring.ts";

/** What assembly/ring-sis.ts exports. Addresses are in bytes. */
interface RingExports {
  readonly memory: { readonly buffer: ArrayBuffer };
  addBlock(
    sum: number,
    words: number,
    factors: number,
    scratch: number,
    roots: number,
    modulus: number,
    inverse: number,
  ): void;
}

/** The module's memory: words, scratch, factors and a sum for each modulus, roots for each modulus. */
const BLOCK_BYTES = 4 * BLOCK_WORDS;
const WORDS = 0;
const SCRATCH = BLOCK_BYTES;
const FACTORS = 2 * BLOCK_BYTES;
const SUMS = 4 * BLOCK_BYTES;
const ROOTS = 6 * BLOCK_BYTES;
const ROOTS_BYTES = 8 * RING_DEGREE;

/** The ring in WebAssembly with SIMD: 256 KiB of memory for every open sum. */
export class WasmRing implements Ring {
  readonly #module = new WebAssembly.Module(moduleBytes());
  readonly #roots = Uint32Array.from(MODULI.flatMap(rootsWithRatios));

  /** Whether this machine runs WebAssembly with SIMD. Node does, unless it is told to compile nothing (--jitless). */
  static get isSupported(): boolean {
    return typeof WebAssembly === "object" && WebAssembly.validate(moduleBytes());
  }

  openSum(): RingSum {
    const instance = new WebAssembly.Instance(this.#module);
    return new WasmRingSum(instance.exports as RingExports, this.#roots);
  }
}

class WasmRingSum implements RingSum {
  readonly #exports: RingExports;

  constructor(exports: RingExports, roots: Uint32Array) {
    this.#exports = exports;
    new Uint32Array(exports.memory.buffer, ROOTS).set(roots);
  }

  addBlock(words: Int32Array, factors: Uint32Array): void {
    requireBlock(words, factors);
    const { buffer } = this.#exports.memory;
    new Int32Array(buffer, WORDS, BLOCK_WORDS).set(words);
    new Uint32Array(buffer, FACTORS, MODULI.length * BLOCK_WORDS).set(factors);
    for (const [index, modulus] of MODULI.entries()) {
      const block = index * BLOCK_BYTES;
      const roots = ROOTS + index * ROOTS_BYTES;
      const [sum, factor, inverse] = [SUMS + block, FACTORS + block, inverseOf(modulus)];
      this.#exports.addBlock(sum, WORDS, factor, SCRATCH, roots, modulus, inverse);
    }
  }

  total(): Uint32Array {
    const total = new Uint32Array(MODULI.length * RING_DEGREE);
    for (const [index, modulus] of MODULI.entries()) {
      const { buffer } = this.#exports.memory;
      const block = new Int32Array(buffer, SUMS + index * BLOCK_BYTES, BLOCK_WORDS);
      // The module's products lack a factor of 2^32.
      const values = sumOfLanes(block, modulus).map((value) =>
        multiplyModulo(value, 2 ** 32 % modulus, modulus),
      );
      total.set(values, index * RING_DEGREE);
    }
    return total;
  }

  [Symbol.dispose](): void {
    new Uint8Array(this.#exports.memory.buffer).fill(0);
  }
}

/** Pairs of a root w and floor(w * 2^32 / p). */
function rootsWithRatios(modulus: number): number[] {
  const shifted = (root: number): number => Number((BigInt(root) << 32n) / BigInt(modulus));
  return [...rootsOf(modulus)].flatMap((root) => [root, shifted(root)]);
}

/** 1 / p modulo 2^32, p odd: Newton's iteration doubles the three bits that p itself gets right. */
function inverseOf(modulus: number): number {
  let inverse = modulus;
  for (let bits = 3; bits < 32; bits *= 2) {
    inverse = Math.imul(inverse, 2 - Math.imul(modulus, inverse));
  }
  return inverse;
}

function moduleBytes(): Uint8Array {
  return Buffer.from(ringModuleBase64, "base64");
}
