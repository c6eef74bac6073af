import type { BackendWasm } from "@tensorflow/tfjs-backend-wasm";
import {
  getKernel,
  type KernelFunc,
  registerKernel,
  unregisterKernel,
} from "@tensorflow/tfjs-core";
import { CONVOLUTION_KERNELS } from "./conv2d.ts";
import { DEPTHWISE_KERNELS } from "./depthwise.ts";
import { EINSUM_KERNELS } from "./einsum.ts";
import { registerEinsumGradient } from "./einsum-gradient.ts";
import { IDENTITY_KERNELS } from "./identity.ts";
import { KernelSession } from "./kernel-session.ts";
import { PRODUCT_KERNELS } from "./matmul.ts";
import { POOL_KERNELS } from "./pool.ts";
import { REFUSED_KERNELS } from "./refused.ts";
import { RELU_KERNELS } from "./relu.ts";
import { SEGMENT_KERNELS } from "./segment-sum.ts";
import { TILE_KERNELS } from "./tile.ts";
import { registerTileGradient } from "./tile-gradient.ts";
import type { TrainingKernelTable } from "./training-kernel.ts";

/** Registered beside the kernels: opens their session when a backend starts and ends it when one is removed. */
const LIFE_CYCLE = "ChorusTrainingKernels";

const KERNELS: TrainingKernelTable = {
  ...PRODUCT_KERNELS,
  ...CONVOLUTION_KERNELS,
  ...DEPTHWISE_KERNELS,
  ...POOL_KERNELS,
  ...RELU_KERNELS,
  ...SEGMENT_KERNELS,
  ...EINSUM_KERNELS,
  ...IDENTITY_KERNELS,
  ...TILE_KERNELS,
  ...REFUSED_KERNELS,
};

/**
 * Registers our kernels for the WASM backend in place of its own, once for the process, whether or not the backend has
 * been started. A backend that cannot run them does not start ({@link ClientError} `backend-failed`).
 */
export function installTrainingKernels(): void {
  if (getKernel(LIFE_CYCLE, "wasm") !== undefined) return;
  const sessions = new KernelSessions();
  registerKernel({
    kernelName: LIFE_CYCLE,
    backendName: "wasm",
    setupFunc: (backend) => void sessions.of(backend),
    disposeFunc: (backend) => sessions.close(backend),
    kernelFunc: () => [],
  });
  for (const [kernelName, kernel] of Object.entries(KERNELS)) {
    const kernelFunc: KernelFunc = ({ inputs, attrs, backend }) =>
      kernel(sessions.of(backend), { inputs, attrs });
    if (getKernel(kernelName, "wasm") !== undefined) unregisterKernel(kernelName, "wasm");
    registerKernel({ kernelName, backendName: "wasm", kernelFunc });
  }
  registerEinsumGradient();
  registerTileGradient();
}

/** A session for each backend that is alive. */
class KernelSessions {
  readonly #sessions = new WeakMap<object, KernelSession>();

  /** The backend's session, opened where there is none yet: core sets a backend up each time that it is selected. */
  of(backend: object): KernelSession {
    const known = this.#sessions.get(backend);
    if (known !== undefined) return known;
    // Kernels are registered for, and so called with, this backend only.
    const session = new KernelSession(backend as BackendWasm);
    this.#sessions.set(backend, session);
    return session;
  }

  close(backend: object): void {
    this.#sessions.get(backend)?.[Symbol.dispose]();
    this.#sessions.delete(backend);
  }
}
