import { once } from "node:events";
import { connect } from "node:net";
import { afterEach, beforeEach, expect, test } from "vitest";
import { FakeClock } from "../testing/fake-clock.ts";
import { RawClient, type RawHandlers, rawService } from "../testing/raw-service.ts";
import { openTestServer } from "../testing/rpc-server.ts";
import type { RpcServer } from "./server.ts";

const drainMs = 5_000;
const shuttingDown = "UNAVAILABLE shutting-down: the coordinator is shutting down: try again later";
let clock: FakeClock;
let begun: PromiseWithResolvers<void>;
let held: PromiseWithResolvers<void>;

beforeEach(() => {
  clock = new FakeClock();
  begun = Promise.withResolvers();
  held = Promise.withResolvers();
});

afterEach(() => held.resolve());

/** Handlers that say when they have begun, and go on when the test lets them. */
const handlers: RawHandlers = {
  async ask() {
    begun.resolve();
    await held.promise;
    return Buffer.from("answered");
  },
  async upload(requests, { signal }) {
    const told = Promise.withResolvers<never>();
    signal.addEventListener("abort", () => told.reject(signal.reason), { once: true });
    return await Promise.race([lengthOf(requests), told.promise]);
  },
  async *download() {
    yield Buffer.from("first half");
    begun.resolve();
    await held.promise;
    yield Buffer.from("second half");
  },
  async *watch(_request, { signal }) {
    yield Buffer.from("here");
    begun.resolve();
    const ended = once(signal, "abort");
    await ended;
    yield Buffer.from("last words");
  },
};

async function lengthOf(requests: AsyncIterable<Buffer>): Promise<Buffer> {
  let bytes = 0;
  for await (const request of requests) {
    bytes += request.length;
    begun.resolve();
  }
  return Buffer.from(`${bytes} bytes`);
}

function openServer(): Promise<RpcServer> {
  return openTestServer({ clock, servicesOf: (calls) => [rawService(calls, handlers)] });
}

test("an upload in flight when the server drains is taken to its end, and answered", async () => {
  await using server = await openServer();
  using client = new RawClient(server.port);
  const { call, answered } = client.upload();
  call.write(Buffer.alloc(1_000));
  await begun.promise;
  const drained = server.drain();
  for (let i = 0; i < 9; i++) call.write(Buffer.alloc(100_000));
  call.end();
  expect(await answered).toBe("901000 bytes");
  await drained;
});

test("a question and a download in flight when the server drains are answered", async () => {
  await using server = await openServer();
  using client = new RawClient(server.port);
  const asked = client.ask("?");
  await begun.promise;
  begun = Promise.withResolvers();
  const downloaded = client.download("all");
  await begun.promise;
  const drained = server.drain();
  held.resolve();
  expect(await asked).toBe("answered");
  expect(await downloaded).toEqual(["first half", "second half"]);
  await drained;
});

test("a server that drains takes neither new calls nor new connections", async () => {
  await using server = await openServer();
  using client = new RawClient(server.port);
  const { call, answered } = client.upload();
  call.write(Buffer.alloc(1));
  await begun.promise;
  const drained = server.drain();
  await expect(client.ask("?")).rejects.toThrow(shuttingDown);
  await expect(client.download("all")).rejects.toThrow(shuttingDown);
  const late = connect(server.port, "127.0.0.1");
  const [error] = await once(late, "error");
  expect(error).toMatchObject({ code: "ECONNREFUSED" });
  call.end();
  expect(await answered).toBe("1 bytes");
  await drained;
});

test("an upload that never ends is waited for as long as the grace, then told why it was cut", async () => {
  const server = await openServer();
  using client = new RawClient(server.port);
  const { call, answered } = client.upload();
  const cut = expect(answered).rejects.toThrow(shuttingDown);
  call.write(Buffer.alloc(1));
  await begun.promise;
  const drained = server.drain();
  let isDrained = false;
  void drained.then(() => {
    isDrained = true;
  });
  clock.advance(drainMs - 1);
  await expect(client.ask("?")).rejects.toThrow(shuttingDown);
  expect(isDrained).toBe(false);
  clock.advance(1);
  await drained;
  await server[Symbol.asyncDispose]();
  await cut;
});

test("a handler that hears nothing is cut after the grace", async () => {
  const server = await openServer();
  using client = new RawClient(server.port);
  const asked = client.ask("?");
  const cut = expect(asked).rejects.toThrow(/^(CANCELLED|UNAVAILABLE|INTERNAL) /);
  await begun.promise;
  const closed = server[Symbol.asyncDispose]();
  clock.advance(drainMs);
  await closed;
  await cut;
});

test("an endless stream hears its last words and that the coordinator shuts down; nobody waits for it", async () => {
  const server = await openServer();
  using client = new RawClient(server.port);
  const watched = client.watch("?");
  const told = expect(watched).rejects.toThrow(`here; last words; ${shuttingDown}`);
  await begun.promise;
  await server.drain();
  await server[Symbol.asyncDispose]();
  await told;
  expect(clock.sleepers).toBe(0);
});

test("a closed server leaves its port to others, and idle connections do not hold it up", async () => {
  const server = await openServer();
  using client = new RawClient(server.port);
  const { call, answered } = client.upload();
  call.end();
  expect(await answered).toBe("0 bytes");
  const { port } = server;
  await server.drain();
  await server[Symbol.asyncDispose]();
  const late = connect(port, "127.0.0.1");
  expect((await once(late, "error"))[0]).toMatchObject({ code: "ECONNREFUSED" });
});
