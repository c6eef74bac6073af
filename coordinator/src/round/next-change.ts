import type { Clock } from "../clock.ts";
import type { Notifier } from "../notifier.ts";

/** Resolves at the next notification, after `ms`, or when aborted, whichever comes first: the caller looks again. */
export async function nextChange(
  changed: Notifier,
  ms: number,
  clock: Clock,
  signal: AbortSignal,
): Promise<void> {
  const over = new AbortController();
  const either = AbortSignal.any([signal, over.signal]);
  const waits = [changed.next(either), clock.sleep(ms, either)];
  try {
    await Promise.race(waits);
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    over.abort();
    await Promise.allSettled(waits);
  }
}
