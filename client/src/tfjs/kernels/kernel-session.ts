import type { BackendWasm } from "@tensorflow/tfjs-backend-wasm";
import { type TensorInfo, util } from "@tensorflow/tfjs-core";
import { type Heap, heapOf } from "./heap.ts";
import {
  chooseKernelBuild,
  type KernelBuild,
  openTrainingKernels,
  type TrainingKernels,
} from "./training-kernels.ts";
import { type Window, windowValues } from "./window.ts";

/** The workspace begins at a multiple of this: a line of the processor's cache. */
const ALIGNMENT = 64;

/** Values of a window in memory. */
const WINDOW_VALUES = 15;

/** The training kernels on one backend's memory, with the memory that they work in. Dispose it before the backend. */
export class KernelSession implements Disposable {
  readonly build: KernelBuild;
  readonly kernels: TrainingKernels;
  readonly backend: BackendWasm;
  readonly #heap: Heap;
  readonly #window: number;
  #workspace = 0;
  #workspaceBytes = 0;

  /** Throws {@link ClientError} `backend-failed` as {@link heapOf} and {@link chooseKernelBuild} do. */
  constructor(backend: BackendWasm) {
    this.backend = backend;
    this.#heap = heapOf(backend);
    this.build = chooseKernelBuild();
    this.kernels = openTrainingKernels(this.#heap.memory, this.build);
    this.#window = this.#heap.allocate(4 * WINDOW_VALUES);
  }

  /** Where a tensor of the backend lies. */
  address(tensor: TensorInfo): number {
    return this.backend.getMemoryOffset(tensor.dataId);
  }

  /** A new tensor with any values. Throws {@link ClientError} `backend-failed` when the memory cannot grow any more. */
  output(shape: number[], dtype: "float32" | "int32" = "float32"): TensorInfo {
    const bytes = 4 * util.sizeFromShape(shape);
    // The backend itself does not look whether it was given memory.
    return this.backend.makeOutput(shape, dtype, this.#heap.allocate(bytes));
  }

  /** The values of a tensor of a type of four bytes, as they lie in memory. Not to be kept: memory that grows moves. */
  words({ dataId, shape }: TensorInfo): Uint32Array {
    const address = this.backend.getMemoryOffset(dataId);
    return new Uint32Array(this.#heap.memory.buffer, address, util.sizeFromShape(shape));
  }

  /** Address of memory for one call of a kernel: at least `bytes` bytes, kept until more is wanted. */
  workspace(bytes: number): number {
    const wanted = (bytes >>> 0) + ALIGNMENT;
    if (wanted > this.#workspaceBytes) {
      this.#freeWorkspace();
      this.#workspace = this.#heap.allocate(wanted);
      this.#workspaceBytes = wanted;
    }
    return this.#workspace + ALIGNMENT - (this.#workspace % ALIGNMENT);
  }

  /** Address of a window for one call of a kernel. */
  window(window: Window): number {
    new Int32Array(this.#heap.memory.buffer, this.#window, WINDOW_VALUES).set(windowValues(window));
    return this.#window;
  }

  [Symbol.dispose](): void {
    this.#freeWorkspace();
    this.#heap.free(this.#window);
  }

  #freeWorkspace(): void {
    if (this.#workspaceBytes > 0) this.#heap.free(this.#workspace);
    this.#workspaceBytes = 0;
  }
}
