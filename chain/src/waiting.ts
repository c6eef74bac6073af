/** A wait that lasted longer than it may. */
export class DeadlineError extends Error {
  override readonly name = "DeadlineError";
  readonly deadlineMs: number;

  constructor(deadlineMs: number) {
    super(`no answer within ${deadlineMs} ms`);
    this.deadlineMs = deadlineMs;
  }
}

/** The promise's outcome, or the signal's reason if that comes first. What the promise does then goes unnoticed. */
export async function untilAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  const aborted = Promise.withResolvers<never>();
  const onAbort = () => aborted.reject(signal.reason);
  if (signal.aborted) onAbort();
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    return await Promise.race([aborted.promise, promise]);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}

/** Starts the work and gives it `deadlineMs`: throws {@link DeadlineError} after that, the signal's reason on an abort. */
export async function within<T>(
  deadlineMs: number,
  work: () => Promise<T>,
  signal: AbortSignal,
): Promise<T> {
  signal.throwIfAborted();
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new DeadlineError(deadlineMs)), deadlineMs);
  try {
    return await untilAborted(Promise.race([late.promise, work()]), signal);
  } finally {
    clearTimeout(timer);
  }
}
