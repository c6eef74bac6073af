import { getBackend, setBackend } from "@tensorflow/tfjs-core";
import type { BackendName } from "./backends/backend.ts";
import { openRung } from "./backends/open-rung.ts";

/** Starts the WASM backend, which every machine has, as {@link openRung} does. */
export async function openBackend(signal: AbortSignal): Promise<void> {
  await openRung("wasm", signal);
}

/**
 * Runs `compute` on a backend and selects the one from before again. Nothing else can run in between: backends that
 * have been started, and "cpu" always, are selected before setBackend returns its promise. What `compute` only reads later, it
 * may return a promise of.
 */
export async function onBackend<T>(name: BackendName, compute: () => T): Promise<Awaited<T>> {
  const previous = getBackend();
  const selected = [setBackend(name)];
  let result: T;
  try {
    result = compute();
  } finally {
    selected.push(setBackend(previous));
    await Promise.all(selected);
  }
  return await result;
}
