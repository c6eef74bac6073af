import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { Registry } from "prom-client";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openHttpServer } from "./http-server.ts";

let opened: AsyncDisposableStack;
let port: number;

beforeEach(async () => {
  opened = new AsyncDisposableStack();
  const routes = { registry: new Registry(), problems: () => [], chain: async () => "{}" };
  ({ port } = opened.use(await openHttpServer({ host: "127.0.0.1", port: 0 }, routes)));
});

afterEach(() => opened.disposeAsync());

/** Opens connections that say `text` and wait. */
async function openConnections(count: number, text: string): Promise<readonly Socket[]> {
  const sockets = Array.from({ length: count }, () => connect(port, "127.0.0.1").resume());
  for (const socket of sockets) {
    opened.defer(() => void socket.destroy());
    // A connection that is cut may be reset: its close is what counts.
    socket.on("error", () => undefined);
    socket.write(text);
  }
  await Promise.all(sockets.map((socket) => once(socket, "connect")));
  return sockets;
}

function closed(sockets: readonly Socket[]): Promise<unknown> {
  return Promise.all(sockets.map((socket) => socket.closed || once(socket, "close")));
}

async function health(): Promise<string> {
  return await (await fetch(`http://127.0.0.1:${port}/healthz`)).text();
}

const beforeBody = "POST /chain HTTP/1.1\r\nhost: me\r\ncontent-length: 9\r\n\r\n";

test("more half-written requests than there may be connections are cut, and /healthz answers again", async () => {
  const sockets: Socket[] = [];
  for (const text of ["", "GET /healthz HTTP/1.1\r\nhost: me\r\n", beforeBody, `${beforeBody}{`])
    sockets.push(...(await openConnections(75, text)));
  await expect(health()).rejects.toThrow();
  await closed(sockets);
  expect(await health()).toBe("ok\n");
});
