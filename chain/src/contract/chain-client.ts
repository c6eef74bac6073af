import {
  BaseError,
  createPublicClient,
  type EIP1193RequestFn,
  HttpRequestError,
  type PublicClient,
  type Transport,
} from "viem";
import { LedgerError } from "../ledger.ts";
import { DeadlineError, within } from "../waiting.ts";
import { type NodeName, nodeName } from "./node-name.ts";

/** Asks an Ethereum node, and never waits for it longer than it may. */
export class ChainClient {
  readonly timeoutMs: number;
  readonly #transport: Transport;
  readonly #node: NodeName;

  /** `timeoutMs`: the longest wait for one answer. What the transport says of time-outs and repetitions is not heeded. */
  constructor(transport: Transport, timeoutMs: number) {
    this.#transport = transport;
    this.timeoutMs = timeoutMs;
    this.#node = nodeName(transport({}).value?.["url"]);
  }

  /**
   * Puts one question. `what` names it in errors: "for its id". Throws {@link LedgerError}: what `refusal` makes of the node's error, else
   * the one that the embedded chain threw, else `unreachable`. When it returns or throws, nothing is under way any more.
   */
  async ask<T>(
    what: string,
    question: (client: PublicClient) => Promise<T>,
    signal: AbortSignal,
    refusal: (error: unknown) => LedgerError | undefined = () => undefined,
  ): Promise<T> {
    const over = new AbortController();
    const transport = cancellable(this.#transport, this.timeoutMs, over.signal);
    const client = createPublicClient({ transport, cacheTime: 0 });
    try {
      return await within(this.timeoutMs, () => question(client), signal);
    } catch (error) {
      signal.throwIfAborted();
      const asked = `${this.#node.name} was asked ${what}`;
      throw refusal(error) ?? ownError(error) ?? this.unreachable(`${asked}: ${reason(error)}`);
    } finally {
      over.abort();
    }
  }

  /** A step that the chain did not take. Without a cause: viem's errors carry the URL, which may hold a key. */
  unreachable(what: string): LedgerError {
    const text = `${this.#node.redact(what)}; check its address, and that it runs`;
    return new LedgerError("unreachable", text);
  }
}

function cancellable(transport: Transport, timeout: number, signal: AbortSignal): Transport {
  return (config) => {
    const made = transport({ ...config, retryCount: 0, timeout });
    const request: EIP1193RequestFn = (request, options) =>
      made.request(request, { ...options, retryCount: 0, signal });
    return { ...made, request };
  };
}

/** The embedded chain's own LedgerError, which viem wraps. */
function ownError(error: unknown): LedgerError | undefined {
  for (let at = error; at instanceof Error; at = at.cause) {
    if (at instanceof LedgerError) return at;
  }
  return undefined;
}

function reason(error: unknown): string {
  if (error instanceof DeadlineError) return error.message;
  if (!(error instanceof BaseError)) return error instanceof Error ? error.message : "no reason";
  const request = error.walk((cause) => cause instanceof HttpRequestError);
  // The rest is a page for people.
  if (request instanceof HttpRequestError && request.status !== undefined)
    return `it answered with HTTP status ${request.status}`;
  const code = systemCode(error);
  return [error.shortMessage, error.details, code].filter((part) => part !== undefined).join(" ");
}

/** For example "ECONNREFUSED". */
function systemCode(error: Error): string | undefined {
  for (let at: unknown = error; at instanceof Error; at = at.cause) {
    if ("code" in at && typeof at.code === "string") return at.code;
  }
  return undefined;
}
