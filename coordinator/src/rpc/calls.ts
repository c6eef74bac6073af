import { once } from "node:events";
import type {
  handleClientStreamingCall,
  handleServerStreamingCall,
  handleUnaryCall,
  Metadata,
  ServerErrorResponse,
  ServerWritableStream,
  StatusObject,
} from "@grpc/grpc-js";

/** What a handler knows of the call besides its message. */
export interface CallContext {
  readonly metadata: Metadata;
  /** Aborts when the caller hangs up or its deadline passes. */
  readonly signal: AbortSignal;
}

/** Turns what a handler threw into what the caller is told. */
export type ToStatus = (error: unknown, method: string) => Partial<StatusObject>;

/** The part of a grpc-js call that all kinds share. */
interface AnyCall {
  readonly metadata: Metadata;
  getPath(): string;
  on(event: "cancelled", listener: () => void): unknown;
}

function contextOf(call: AnyCall): CallContext {
  const cancelled = new AbortController();
  call.on("cancelled", () => cancelled.abort(new Error("the caller hung up")));
  return { metadata: call.metadata, signal: cancelled.signal };
}

/** Serves a unary call with an async function. */
export function unary<Request, Response>(
  toStatus: ToStatus,
  handler: (request: Request, context: CallContext) => Promise<Response>,
): handleUnaryCall<Request, Response> {
  return (call, callback) => {
    handler(call.request, contextOf(call)).then(
      (response) => callback(null, response),
      (error: unknown) => callback(toStatus(error, call.getPath())),
    );
  };
}

/** Serves a client-streaming call with an async function over its messages; reading them is what lets more come. */
export function clientStream<Request, Response>(
  toStatus: ToStatus,
  handler: (requests: AsyncIterable<Request>, context: CallContext) => Promise<Response>,
): handleClientStreamingCall<Request, Response> {
  return (call, callback) => {
    const context = contextOf(call);
    handler(call, context).then(
      (response) => callback(null, response),
      (error: unknown) => {
        // A caller that hangs up in the middle is no failure of ours, and nobody is left to be told.
        if (!isHangUp(error, context.signal)) callback(toStatus(error, call.getPath()));
      },
    );
  };
}

/** Whether reading a caller's messages ended because the caller went away. */
function isHangUp(error: unknown, signal: AbortSignal): boolean {
  if (!signal.aborted) return false;
  if (error === signal.reason) return true;
  return error instanceof Error && "code" in error && error.code === "ERR_STREAM_PREMATURE_CLOSE";
}

/** Serves a server-streaming call with an async generator, at the pace at which the caller reads. */
export function serverStream<Request, Response>(
  toStatus: ToStatus,
  handler: (request: Request, context: CallContext) => AsyncIterable<Response>,
): handleServerStreamingCall<Request, Response> {
  return (call) => {
    const context = contextOf(call);
    pump(call, () => handler(call.request, context), context.signal).catch((error: unknown) => {
      if (context.signal.aborted) return;
      // Emitted, not `destroy`ed with: grpc-js sends the status when the stream ends, which a destroyed one never does.
      call.emit("error", statusError(toStatus(error, call.getPath())));
    });
  };
}

async function pump<Request, Response>(
  call: ServerWritableStream<Request, Response>,
  open: () => AsyncIterable<Response>,
  signal: AbortSignal,
): Promise<void> {
  for await (const response of open()) {
    if (signal.aborted) return;
    if (!call.write(response)) await once(call, "drain", { signal });
  }
  call.end();
}

function statusError(status: Partial<StatusObject>): Error & ServerErrorResponse {
  return Object.assign(new Error(status.details ?? ""), status);
}
