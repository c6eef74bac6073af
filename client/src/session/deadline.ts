import type { Sleep } from "../backoff.ts";

/** Timers in Node hold 31 bits of milliseconds. */
const LONGEST_MS = 2 ** 31 - 1;

/**
 * Runs work that must end within `ms` milliseconds: the signal that it gets is aborted then, with a TimeoutError
 * DOMException as AbortSignal.timeout has it.
 */
export async function beforeDeadline<Result>(
  ms: number,
  sleep: Sleep,
  work: (signal: AbortSignal) => Promise<Result>,
  signal: AbortSignal,
): Promise<Result> {
  const done = new AbortController();
  const expired = new AbortController();
  const waiting = sleep(Math.min(ms, LONGEST_MS), AbortSignal.any([signal, done.signal])).then(
    () => expired.abort(new DOMException(`not done within ${ms} ms`, "TimeoutError")),
    (error: unknown) => {
      if (!signal.aborted && !done.signal.aborted) throw error;
    },
  );
  try {
    return await work(AbortSignal.any([signal, expired.signal]));
  } finally {
    done.abort();
    await waiting;
  }
}
