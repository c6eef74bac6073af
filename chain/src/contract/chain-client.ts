import {
  BaseError,
  createPublicClient,
  type EIP1193RequestFn,
  type PublicClient,
  type Transport,
} from "viem";
import { LedgerError } from "../ledger.ts";
import { DeadlineError, within } from "../waiting.ts";

/** Asks an Ethereum node, and never waits for it longer than it may. */
export class ChainClient {
  readonly timeoutMs: number;
  readonly #transport: Transport;

  /** `timeoutMs`: the longest wait for one answer. What the transport says of time-outs and repetitions is not heeded. */
  constructor(transport: Transport, timeoutMs: number) {
    this.#transport = transport;
    this.timeoutMs = timeoutMs;
  }

  /**
   * Puts one question. `what` names it in errors. Throws {@link LedgerError}: what `refusal` makes of the node's error, else
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
      throw refusal(error) ?? ownError(error) ?? unreachable(what, error);
    } finally {
      over.abort();
    }
  }
}

/** A step that the chain did not take. `cause` is left out on purpose: viem's errors carry the URL, which may hold a key. */
export function unreachable(what: string, error: unknown): LedgerError {
  return new LedgerError("unreachable", `${what}: ${withoutUrls(reason(error))}`);
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

function withoutUrls(text: string): string {
  return text.replace(/\b[a-z]+:\/\/\S+/gi, "<url>");
}
