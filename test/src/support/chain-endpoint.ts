import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import type { Provider } from "@chorus/chain";

/** Speaks JSON-RPC over HTTP for a chain. Without a chain it takes questions and never answers. */
export class ChainEndpoint implements AsyncDisposable {
  /** Answers, from when it is set on. */
  provider: Provider | undefined;
  /** Which transaction's answer is lost, counting from 1: the chain has taken it, and the line breaks. 0: none. */
  lostTransaction = 0;
  #transactions = 0;
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
    server.on("request", (request: IncomingMessage, response: ServerResponse) =>
      this.#serve(request, response).catch((error: unknown) => response.destroy(error as Error)),
    );
  }

  /** Listens at a port of loopback; 0 takes a free one. */
  static async open(port = 0): Promise<ChainEndpoint> {
    const server = createServer();
    await once(server.listen(port, "127.0.0.1"), "listening");
    return new ChainEndpoint(server);
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await this.#server[Symbol.asyncDispose]();
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { id, method, params } = JSON.parse(await text(request)) as {
      id: number;
      method: string;
      params: unknown;
    };
    if (this.provider === undefined) return;
    const outcome = await this.provider.request({ method, params }).then(
      (result) => ({ result }),
      (error: Error & { code?: number }) => ({
        error: { code: error.code ?? -32_603, message: error.message },
      }),
    );
    if (method === "eth_sendRawTransaction") this.#transactions += 1;
    if (method === "eth_sendRawTransaction" && this.#transactions === this.lostTransaction) {
      response.destroy();
      return;
    }
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify({ jsonrpc: "2.0", id, ...outcome }));
  }
}
