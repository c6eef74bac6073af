import type { Hash, RandomSource } from "@chorus/aggregation";
import { Backoff, type Sleep } from "./backoff.ts";
import type { Connection } from "./connection.ts";
import { failureOf } from "./rpc/failure.ts";
import type { Answer } from "./session/answer.ts";

/** The way to the coordinator as a round sees it: there may be outages, but what is sent arrives. */
export class Uplink {
  readonly #timing: { readonly random: RandomSource; readonly sleep: Sleep };
  #connection: PromiseWithResolvers<Connection> = Promise.withResolvers();

  constructor(timing: { readonly random: RandomSource; readonly sleep: Sleep }) {
    this.#timing = timing;
  }

  /** How whoever makes calls waits. */
  get sleep(): Sleep {
    return this.#timing.sleep;
  }

  /** Calls may go out on this connection. */
  opened(connection: Connection): void {
    this.#connection.resolve(connection);
  }

  /** The connection is gone: calls wait for the next one. */
  closed(): void {
    this.#connection = Promise.withResolvers();
  }

  /** Which federation the coordinator serves. Waits for a connection. */
  async federationId(signal: AbortSignal): Promise<Hash> {
    return (await this.#opened(signal)).federationId;
  }

  /** Sends an answer, as {@link Uplink.call} does. */
  async send(answer: Answer, signal: AbortSignal): Promise<void> {
    await this.call((connection, either) => connection.send(answer, either), signal);
  }

  /**
   * Makes a call on the newest connection, and again after each outage until it comes to an end. Rejects with the
   * call's error when the coordinator heard and refused it, or with the signal's reason.
   */
  async call<Result>(
    make: (connection: Connection, signal: AbortSignal) => Promise<Result>,
    signal: AbortSignal,
  ): Promise<Result> {
    const backoff = new Backoff(this.#timing);
    for (;;) {
      const connection = await this.#opened(signal);
      try {
        return await make(connection, signal);
      } catch (error) {
        signal.throwIfAborted();
        const failure = failureOf(error);
        // The coordinator forgot the session, though the stream of instructions may not have noticed yet.
        if (failure === "no-session") connection[Symbol.dispose]();
        if (failure !== "interrupted" && !connection.isClosed) throw error;
      }
      await backoff.wait(signal);
    }
  }

  /** The connection, once there is one. */
  async #opened(signal: AbortSignal): Promise<Connection> {
    signal.throwIfAborted();
    const aborted = Promise.withResolvers<never>();
    const abort = () => aborted.reject(signal.reason);
    signal.addEventListener("abort", abort, { once: true });
    try {
      return await Promise.race([this.#connection.promise, aborted.promise]);
    } finally {
      signal.removeEventListener("abort", abort);
    }
  }
}
