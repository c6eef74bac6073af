import type { RandomSource } from "../random.ts";
import { bytesOfWords } from "../vector.ts";
import { kernelModuleBase64 } from "./generated/kernel-module.ts";
import {
  BLOCK_WORDS,
  type Kernels,
  type RingTerm,
  type Rounding,
  requireBlock,
  requireLengths,
  requireRounding,
} from "./kernels.ts";

/** What assembly/kernels.ts exports. Addresses are in bytes. */
interface KernelExports {
  readonly memory: { readonly buffer: ArrayBuffer };
  add(target: number, addend: number, words: number): void;
  subtract(target: number, subtrahend: number, words: number): void;
  quantise(
    target: number,
    values: number,
    random: number,
    words: number,
    factor: number,
    limit: number,
  ): void;
}

/** The module's memory: three blocks, the last for random words. */
const TARGET = 0;
const OPERAND = 4 * BLOCK_WORDS;
const RANDOM = 8 * BLOCK_WORDS;

/** Kernels in WebAssembly with SIMD: 384 KiB of memory each, compiled in less than a millisecond. */
export class WasmKernels implements Kernels {
  readonly #kernels: KernelExports;
  readonly #memory: Uint8Array;

  /** Throws where {@link isSupported} is false. */
  constructor() {
    const instance = new WebAssembly.Instance(new WebAssembly.Module(moduleBytes()));
    this.#kernels = instance.exports as KernelExports;
    this.#memory = new Uint8Array(this.#kernels.memory.buffer);
  }

  /** Whether this machine runs WebAssembly with SIMD. Node does, wherever the processor has SIMD. */
  static get isSupported(): boolean {
    return typeof WebAssembly === "object" && WebAssembly.validate(moduleBytes());
  }

  accumulate(block: Uint32Array, terms: Iterable<RingTerm>): void {
    requireBlock(block);
    const bytes = bytesOfWords(block);
    this.#memory.set(bytes, TARGET);
    for (const term of terms) {
      requireLengths("term", term.bytes.length / 4, block.length);
      this.#memory.set(term.bytes, OPERAND);
      if (term.isAdded) this.#kernels.add(TARGET, OPERAND, block.length);
      else this.#kernels.subtract(TARGET, OPERAND, block.length);
    }
    bytes.set(this.#bytesAt(TARGET, block.length));
  }

  quantise(
    target: Uint32Array,
    values: Float32Array,
    rounding: Rounding,
    random: RandomSource,
  ): void {
    const words = target.length;
    requireBlock(target);
    requireLengths("values", values.length, words);
    requireRounding(rounding);
    this.#memory.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength), OPERAND);
    random.fill(this.#bytesAt(RANDOM, words));
    const { factor, limit } = rounding;
    this.#kernels.quantise(TARGET, OPERAND, RANDOM, words, factor, limit);
    bytesOfWords(target).set(this.#bytesAt(TARGET, words));
  }

  [Symbol.dispose](): void {
    this.#memory.fill(0);
  }

  #bytesAt(address: number, words: number): Uint8Array {
    return this.#memory.subarray(address, address + 4 * words);
  }
}

function moduleBytes(): Uint8Array {
  return Buffer.from(kernelModuleBase64, "base64");
}
