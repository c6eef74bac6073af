import { getBackend } from "@tensorflow/tfjs-core";
import type { BackendName, OpenBackend } from "./backend.ts";

/** A backend that lives in this process' memory: it cannot be lost, and nothing has to be freed. */
export class SteadyBackend implements OpenBackend {
  readonly name: BackendName;
  readonly device: string;
  readonly isSoftware = false;
  readonly failed: AbortSignal = new AbortController().signal;

  constructor(name: BackendName, device: string) {
    this.name = name;
    this.device = device;
  }

  async use<T>(work: (signal: AbortSignal) => Promise<T>, signal: AbortSignal): Promise<T> {
    requireSelected(this.name);
    return await work(signal);
  }

  [Symbol.dispose](): void {}
}

/** TensorFlow.js computes everything of a process on one backend. Throws an Error where that is another one by now. */
export function requireSelected(name: BackendName): void {
  if (getBackend() === name) return;
  throw new Error(`the process computes on the backend ${getBackend()} by now, not on ${name}`);
}
