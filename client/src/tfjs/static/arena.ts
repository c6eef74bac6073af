import type { Heap } from "../kernels/heap.ts";

/** A line of the processor's cache: vectors begin at multiples of it. */
const ALIGNMENT = 64;

/** Vectors on the heap of the WASM backend that live and go together. Addresses and lengths in bytes and in values of 4. */
export class Arena implements Disposable {
  readonly #heap: Heap;
  readonly #blocks: number[] = [];
  #isDisposed = false;

  constructor(heap: Heap) {
    this.#heap = heap;
  }

  /** Address of room for `count` values, whatever was there before. Throws as {@link Heap.allocate}. */
  reserve(count: number): number {
    const block = this.#heap.allocate(4 * count + ALIGNMENT);
    this.#blocks.push(block);
    return block + ALIGNMENT - (block % ALIGNMENT);
  }

  /** The values at an address. Not to be kept: the view is void once the memory grows. Throws an Error once disposed. */
  floats(address: number, count: number): Float32Array {
    this.requireOpen();
    return new Float32Array(this.#heap.memory.buffer, address, count);
  }

  /** As {@link floats}. */
  integers(address: number, count: number): Int32Array {
    this.requireOpen();
    return new Int32Array(this.#heap.memory.buffer, address, count);
  }

  [Symbol.dispose](): void {
    this.#isDisposed = true;
    for (const block of this.#blocks.splice(0)) this.#heap.free(block);
  }

  /** Throws an Error once disposed: others' memory would be read and written. */
  requireOpen(): void {
    if (this.#isDisposed) throw new Error("the trainer has been disposed of");
  }
}
