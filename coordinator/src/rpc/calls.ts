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
import { AccessError } from "../participants/error.ts";

/** What a handler knows of the call besides its message. */
export interface CallContext {
  readonly metadata: Metadata;
  /** Aborts when the caller hangs up, when its deadline passes, or when the coordinator ends all calls. */
  readonly signal: AbortSignal;
  /** Says that the caller has proven who it is, so that its connection may stay. */
  readonly vouch: () => void;
}

/** Turns what a handler threw into what the caller is told. */
export type ToStatus = (error: unknown, method: string) => Partial<StatusObject>;

/** The part of a grpc-js call that all kinds share. */
interface AnyCall {
  readonly metadata: Metadata;
  getPath(): string;
  getPeer(): string;
  on(event: "cancelled", listener: () => void): unknown;
}

type StreamHandler<Request, Response> = (
  request: Request,
  context: CallContext,
) => AsyncIterable<Response>;

/**
 * Serves calls with async functions, and knows which are in flight, so that a server can end without cutting them off:
 * {@link refuse} new ones, wait for the {@link answered} ones, {@link end} the others, wait until they {@link ended}.
 */
export class Calls {
  readonly #toStatus: ToStatus;
  readonly #answering = new Set<Promise<void>>();
  readonly #streaming = new Set<Promise<void>>();
  readonly #ending = new AbortController();
  #isRefusing = false;
  #vouched: (peer: string) => void = () => undefined;

  constructor(toStatus: ToStatus) {
    this.#toStatus = toStatus;
  }

  /** Tells `vouched` from now on of every peer, "address:port", whose caller has proven who it is. */
  reportVouched(vouched: (peer: string) => void): void {
    this.#vouched = vouched;
  }

  /** Serves a unary call with an async function. */
  unary<Request, Response>(
    handler: (request: Request, context: CallContext) => Promise<Response>,
  ): handleUnaryCall<Request, Response> {
    return (call, callback) =>
      this.#serve(call, this.#answering, {
        work: async (context) => callback(null, await handler(call.request, context)),
        fail: (status) => callback(status),
      });
  }

  /** Serves a client-streaming call with an async function over its messages; reading them is what lets more come. */
  clientStream<Request, Response>(
    handler: (requests: AsyncIterable<Request>, context: CallContext) => Promise<Response>,
  ): handleClientStreamingCall<Request, Response> {
    return (call, callback) =>
      this.#serve(call, this.#answering, {
        work: async (context) => callback(null, await handler(call, context)),
        fail: (status) => callback(status),
      });
  }

  /** Serves a server-streaming call with an async generator, at the pace at which the caller reads. */
  serverStream<Request, Response>(
    handler: StreamHandler<Request, Response>,
  ): handleServerStreamingCall<Request, Response> {
    return (call) => this.#stream(call, handler, this.#answering);
  }

  /** As {@link serverStream}, for one that goes on until either side hangs up: ending the server does not wait for it. */
  endlessStream<Request, Response>(
    handler: StreamHandler<Request, Response>,
  ): handleServerStreamingCall<Request, Response> {
    return (call) => this.#stream(call, handler, this.#streaming);
  }

  /** Turns away calls that come from now on. */
  refuse(): void {
    this.#isRefusing = true;
  }

  /** Resolves when the calls that are in flight now, but for endless streams, have been answered. */
  async answered(): Promise<void> {
    await Promise.all(this.#answering);
  }

  /** Tells the handlers of all calls to end; their callers are told that the coordinator is shutting down. */
  end(): void {
    this.refuse();
    this.#ending.abort(shuttingDown());
  }

  /** Resolves when all calls have ended. */
  async ended(): Promise<void> {
    await Promise.all([...this.#answering, ...this.#streaming]);
  }

  #stream<Request, Response>(
    call: ServerWritableStream<Request, Response>,
    handler: StreamHandler<Request, Response>,
    inFlight: Set<Promise<void>>,
  ): void {
    this.#serve(call, inFlight, {
      work: async (context, hungUp) => {
        await pump(call, handler(call.request, context), hungUp, context.signal);
        this.#ending.signal.throwIfAborted();
        call.end();
      },
      // Emitted, not `destroy`ed with: grpc-js sends the status when the stream ends, which a destroyed one never does.
      fail: (status) => call.emit("error", statusError(status)),
    });
  }

  #serve(call: AnyCall, inFlight: Set<Promise<void>>, { work, fail }: Service): void {
    const hangUp = new AbortController();
    const hungUp = hangUp.signal;
    call.on("cancelled", () => hangUp.abort(new Error("the caller hung up")));
    const signal = AbortSignal.any([hungUp, this.#ending.signal]);
    const vouch = () => this.#vouched(call.getPeer());
    const context = { metadata: call.metadata, signal, vouch };
    const done = this.#run(work, context, hungUp).catch((thrown: unknown) => {
      const error = isAbort(thrown) && signal.aborted ? signal.reason : thrown;
      // A caller that hangs up is no failure of ours, and nobody is left to be told.
      if (hungUp.aborted && error === hungUp.reason) return;
      fail(this.#toStatus(error, call.getPath()));
    });
    inFlight.add(done);
    void done.finally(() => inFlight.delete(done));
  }

  async #run(work: Service["work"], context: CallContext, hungUp: AbortSignal): Promise<void> {
    if (this.#isRefusing) throw shuttingDown();
    await work(context, hungUp);
  }
}

interface Service {
  readonly work: (context: CallContext, hungUp: AbortSignal) => Promise<void>;
  readonly fail: (status: Partial<StatusObject>) => void;
}

/** Sends what there is until the caller hangs up. `signal` aborts a wait for a caller that does not read. */
async function pump<Request, Response>(
  call: ServerWritableStream<Request, Response>,
  responses: AsyncIterable<Response>,
  hungUp: AbortSignal,
  signal: AbortSignal,
): Promise<void> {
  for await (const response of responses) {
    hungUp.throwIfAborted();
    if (!call.write(response)) await once(call, "drain", { signal });
  }
}

/** Whether something ended because a signal aborted or the caller's messages broke off, for which Node has two errors. */
function isAbort(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return (
    error.name === "AbortError" || ("code" in error && error.code === "ERR_STREAM_PREMATURE_CLOSE")
  );
}

function shuttingDown(): AccessError {
  return new AccessError("shutting-down", "the coordinator is shutting down: try again later");
}

function statusError(status: Partial<StatusObject>): Error & ServerErrorResponse {
  return Object.assign(new Error(status.details ?? ""), status);
}
