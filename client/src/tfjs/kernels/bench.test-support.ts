import { RandomNumbers, seededRandom } from "@chorus/aggregation";
import { type KernelBuild, openTrainingKernels, type TrainingKernels } from "./training-kernels.ts";

/** Lies behind each vector. */
const GUARD = 12345;

/** Kernels on a memory of their own, in which vectors are laid one behind the other. */
export class Bench {
  readonly kernels: TrainingKernels;
  readonly #memory = new WebAssembly.Memory({ initial: 64 });
  readonly #random = new RandomNumbers(seededRandom("training-kernels"));
  readonly #vectors: { readonly address: number; readonly count: number }[] = [];
  #end = 64;

  constructor(build: KernelBuild) {
    this.kernels = openTrainingKernels(this.#memory, build);
  }

  /** Address of these values, divisible by 16; a guard lies behind them. */
  put(
    values: readonly number[],
    Type: typeof Float32Array | typeof Int32Array = Float32Array,
  ): number {
    const address = this.#end;
    new Type(this.#memory.buffer, address, values.length).set(values);
    new Float32Array(this.#memory.buffer, address + 4 * values.length, 1).set([GUARD]);
    this.#vectors.push({ address, count: values.length });
    this.#end = (address + 4 * values.length + 4 + 15) & ~15;
    return address;
  }

  random(count: number): number[] {
    return Array.from({ length: count }, () => Math.fround(4 * this.#random.unit() - 2));
  }

  /** The values at an address. Throws when anything was written behind any vector, workspaces among them. */
  get(address: number, count: number): number[] {
    for (const vector of this.#vectors) {
      const behind = vector.address + 4 * vector.count;
      if (new Float32Array(this.#memory.buffer, behind, 1)[0] === GUARD) continue;
      throw new Error(`something was written behind the vector of ${vector.count} values`);
    }
    return [...new Float32Array(this.#memory.buffer, address, count)];
  }

  /** Address of `bytes` bytes. */
  workspace(bytes: number): number {
    // What a workspace holds before does not count.
    return this.put(Array.from({ length: Math.ceil(bytes / 4) }, () => Number.NaN));
  }
}
