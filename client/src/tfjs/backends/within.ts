import { ClientError } from "../../error.ts";

/**
 * What a driver's answer comes to. Throws {@link ClientError} `backend-failed` with `message` after `limitMs`, and where the answer is an
 * error; the signal's reason when aborted. The answer itself cannot be called off.
 */
export async function within<T>(
  answer: Promise<T>,
  limitMs: number,
  message: string,
  signal: AbortSignal,
): Promise<T> {
  signal.throwIfAborted();
  const { promise, reject } = Promise.withResolvers<never>();
  const abort = () => reject(signal.reason);
  const late = () => reject(new ClientError("backend-failed", `${message} within ${limitMs} ms`));
  signal.addEventListener("abort", abort, { once: true });
  const timer = setTimeout(late, limitMs);
  try {
    return await Promise.race([answer, promise]);
  } catch (cause) {
    if (signal.aborted || cause instanceof ClientError) throw cause;
    const text = cause instanceof Error ? cause.message : String(cause);
    throw new ClientError("backend-failed", `${message}: ${text}`, { cause });
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", abort);
  }
}
