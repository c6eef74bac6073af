import { createServer, type Server } from "node:http";
import { text } from "node:stream/consumers";
import type { Provider } from "../embedded/provider.ts";

/** Serves a chain by JSON-RPC over HTTP, as a node does. To be listened with by the caller. */
export function nodeServer(provider: Provider): Server {
  return createServer(async (request, response) => {
    const { id, method, params } = JSON.parse(await text(request));
    const outcome = await provider.request({ method, params }).then(
      (result) => ({ result }),
      (error: unknown) => ({ error: { code: -32_603, message: String(error) } }),
    );
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify({ jsonrpc: "2.0", id, ...outcome }));
  });
}
