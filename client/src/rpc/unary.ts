import type { ClientUnaryCall, ServiceError } from "@grpc/grpc-js";

/** What grpc-js hands a call's outcome to: an error, or null and the response. */
export type Done<Response> = (error: ServiceError | null, response: Response) => void;

/**
 * A call with one request and one response as a promise. Rejects with grpc-js' ServiceError; when aborted, the call is
 * cancelled and the promise rejects with the signal's reason.
 */
export async function unary<Response>(
  start: (done: Done<Response>) => ClientUnaryCall,
  signal: AbortSignal,
): Promise<Response> {
  signal.throwIfAborted();
  const { promise, resolve, reject } = Promise.withResolvers<Response>();
  const call = start((error, response) => {
    if (error === null) resolve(response);
    else reject(error);
  });
  const cancel = () => {
    reject(signal.reason);
    call.cancel();
  };
  signal.addEventListener("abort", cancel, { once: true });
  try {
    return await promise;
  } finally {
    signal.removeEventListener("abort", cancel);
  }
}
