import type { ClientReadableStream } from "@grpc/grpc-js";

/**
 * The messages of a call with one request and many responses. Ends when the server ends it; throws grpc-js'
 * ServiceError, or the signal's reason when aborted. The call is cancelled when the caller stops reading.
 */
export async function* serverStream<Message>(
  start: () => ClientReadableStream<Message>,
  signal: AbortSignal,
): AsyncGenerator<Message, void, undefined> {
  signal.throwIfAborted();
  const call = start();
  // Cancelling makes the stream emit an error, which would end the process when nobody reads any more.
  call.on("error", () => undefined);
  const cancel = () => call.cancel();
  signal.addEventListener("abort", cancel, { once: true });
  try {
    for await (const message of call as AsyncIterable<Message>) {
      signal.throwIfAborted();
      yield message;
    }
  } catch (error) {
    throw signal.aborted ? signal.reason : error;
  } finally {
    signal.removeEventListener("abort", cancel);
    call.cancel();
  }
}
