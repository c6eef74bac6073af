import type { ClientWritableStream } from "@grpc/grpc-js";
import type { Done } from "./unary.ts";

/**
 * A call with many requests and one response as a promise. Requests are taken from `requests` only as fast as the
 * connection drains, so that they need not all be in memory. The response may come early and ends the call.
 * Rejects with grpc-js' ServiceError; when aborted, the call is cancelled and the promise rejects with the signal's reason.
 */
export async function clientStream<Request, Response>(
  start: (done: Done<Response>) => ClientWritableStream<Request>,
  requests: Iterable<Request>,
  signal: AbortSignal,
): Promise<Response> {
  signal.throwIfAborted();
  const { promise, resolve, reject } = Promise.withResolvers<Response>();
  const call = start((error, response) => {
    if (error === null) resolve(response);
    else reject(error);
  });
  // A stream that breaks reports twice: to `done`, which counts, and as an event, which would end the process unheard.
  call.on("error", reject);
  const cancel = () => reject(signal.reason);
  signal.addEventListener("abort", cancel, { once: true });
  const stop = pump(call, requests[Symbol.iterator](), reject);
  try {
    return await promise;
  } finally {
    signal.removeEventListener("abort", cancel);
    stop();
    call.cancel();
  }
}

/** Writes requests until the stream is full, and again whenever it has drained. Returns what stops it. */
function pump<Request>(
  call: ClientWritableStream<Request>,
  requests: Iterator<Request>,
  fail: (error: unknown) => void,
): () => void {
  let isStopped = false;
  const write = () => {
    while (!isStopped) {
      const { value, done } = requests.next();
      if (done) {
        call.end();
        return;
      }
      if (!call.write(value)) {
        call.once("drain", tryWrite);
        return;
      }
    }
  };
  // An error in an event handler would end the process.
  const tryWrite = () => {
    try {
      write();
    } catch (error) {
      fail(error);
    }
  };
  tryWrite();
  return () => {
    isStopped = true;
  };
}
