import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Registry } from "prom-client";

/** Largest body that POST /chain reads. */
const maxBodyBytes = 65_536;
/** Connections that may be open at once. */
const maxConnections = 256;
/** Longest that a request may take to arrive, its headers and all of it; what is late is cut within a second. */
const arrivalLimits = {
  headersTimeout: 5_000,
  requestTimeout: 8_000,
  connectionsCheckingInterval: 1_000,
};
/** Longest that a connection may stand still, also while nobody reads the answer. */
const idleMs = 30_000;

/** What the HTTP side shows. */
export interface HttpRoutes {
  readonly registry: Registry;
  /** What keeps the coordinator from taking work; none when it is ready. */
  readonly problems: () => readonly string[];
  /** Answers one read-only JSON-RPC request to the chain; undefined where the chain is not embedded. */
  readonly chain: ((body: string) => Promise<string>) | undefined;
}

/** A listening HTTP server. */
export interface HttpServer extends AsyncDisposable {
  readonly port: number;
}

/** Serves /metrics, /healthz, /readyz and POST /chain. Rejects with the system's error when the address cannot be had. */
export async function openHttpServer(
  { host, port }: { readonly host: string; readonly port: number },
  routes: HttpRoutes,
): Promise<HttpServer> {
  const server = createServer(arrivalLimits, (request, response) => {
    answer(request, routes).then(
      (answered) => send(response, answered),
      () => send(response, { status: 500, type: "text/plain", body: "internal error\n" }),
    );
  });
  server.maxConnections = maxConnections;
  server.timeout = idleMs;
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once("error", reject);
  server.listen(port, host, resolve);
  await promise;
  server.off("error", reject);
  return {
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      const closed = new Promise<void>((done) => server.close(() => done()));
      server.closeAllConnections();
      await closed;
    },
  };
}

interface Answer {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

async function answer(request: IncomingMessage, routes: HttpRoutes): Promise<Answer> {
  const path = (request.url ?? "/").split("?")[0];
  if (request.method === "GET") return answerGet(path, routes);
  if (request.method === "POST" && path === "/chain" && routes.chain !== undefined) {
    const body = await readBody(request);
    if (body === undefined) return text(413, `a body has at most ${maxBodyBytes} bytes`);
    return { status: 200, type: "application/json", body: await routes.chain(body) };
  }
  return text(
    404,
    "there are /metrics, /healthz, /readyz and, with an embedded chain, POST /chain",
  );
}

async function answerGet(path: string | undefined, routes: HttpRoutes): Promise<Answer> {
  switch (path) {
    case "/metrics":
      return {
        status: 200,
        type: routes.registry.contentType,
        body: await routes.registry.metrics(),
      };
    case "/healthz":
      return text(200, "ok");
    case "/readyz": {
      const problems = routes.problems();
      return problems.length === 0 ? text(200, "ready") : text(503, problems.join("\n"));
    }
    default:
      return text(
        404,
        "there are /metrics, /healthz, /readyz and, with an embedded chain, POST /chain",
      );
  }
}

function text(status: number, body: string): Answer {
  return { status, type: "text/plain; charset=utf-8", body: `${body}\n` };
}

async function readBody(request: IncomingMessage): Promise<string | undefined> {
  const pieces: Buffer[] = [];
  let length = 0;
  for await (const piece of request as AsyncIterable<Buffer>) {
    length += piece.length;
    if (length > maxBodyBytes) return undefined;
    pieces.push(piece);
  }
  return Buffer.concat(pieces).toString("utf8");
}

function send(response: ServerResponse, { status, type, body }: Answer): void {
  response.writeHead(status, { "content-type": type });
  response.end(body);
}
