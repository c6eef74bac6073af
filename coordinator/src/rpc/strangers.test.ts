import { once } from "node:events";
import { type ClientHttp2Session, connect as connectHttp2 } from "node:http2";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { afterEach, beforeEach, expect, test } from "vitest";
import { FakeClock } from "../testing/fake-clock.ts";
import { RawClient, type RawHandlers, rawService } from "../testing/raw-service.ts";
import { openTestServer } from "../testing/rpc-server.ts";
import type { Calls } from "./calls.ts";
import type { RpcServer } from "./server.ts";
import { networkOf, Strangers } from "./strangers.ts";

let clock: FakeClock;
let server: RpcServer;
let opened: AsyncDisposableStack;

/** Callers that know the password prove who they are. */
const handlers: RawHandlers = {
  async ask(request, { vouch }) {
    if (String(request) === "password") vouch();
    return Buffer.from("answered");
  },
  upload: () => Promise.reject(new Error("not asked")),
  download: async function* () {},
  watch: async function* () {},
};

beforeEach(async () => {
  clock = new FakeClock();
  opened = new AsyncDisposableStack();
  await openAt("127.0.0.1");
});

afterEach(() => opened.disposeAsync());

async function openAt(host: string): Promise<void> {
  const servicesOf = (calls: Calls) => [rawService(calls, handlers)];
  server = opened.use(await openTestServer({ host, clock, servicesOf }));
}

function newClient(host = "127.0.0.1"): RawClient {
  return opened.use(new RawClient(server.port, host));
}

/** A connection that is taken by the server and then says nothing. */
async function stranger(localAddress = "127.0.0.1"): Promise<ClientHttp2Session> {
  const session = tryStranger(localAddress);
  await once(session, "remoteSettings");
  return session;
}

/** A connection from an address of loopback, of which there are many. */
function tryStranger(localAddress: string): ClientHttp2Session {
  const { port } = server;
  const createConnection = () => connect({ port, host: "127.0.0.1", localAddress });
  const session = connectHttp2(`http://127.0.0.1:${port}`, { createConnection });
  session.on("error", () => undefined);
  opened.defer(() => session.destroy());
  return session;
}

function strangers(count: number, localAddress?: string): Promise<readonly ClientHttp2Session[]> {
  return Promise.all(Array.from({ length: count }, () => stranger(localAddress)));
}

function closed(sessions: readonly ClientHttp2Session[]): Promise<unknown> {
  return Promise.all(sessions.map((session) => session.closed || once(session, "close")));
}

test("a stranger is gone after ten seconds, not before, and whoever has proven who it is stays", async () => {
  const idle = await stranger();
  const client = newClient();
  expect(await client.ask("password")).toBe("answered");
  clock.advance(9_999);
  const another = newClient();
  expect(await another.ask("?")).toBe("answered");
  expect(idle.closed).toBe(false);
  clock.advance(1);
  await closed([idle]);
  expect(await client.ask("?")).toBe("answered");
  // The other's only: no connection was made anew.
  expect(clock.sleepers).toBe(1);
});

test("the 65th stranger of an address is refused, while others are served, at that address and elsewhere", async () => {
  const client = newClient();
  expect(await client.ask("password")).toBe("answered");
  const idle = await strangers(64);
  await closed([tryStranger("127.0.0.1")]);
  expect(await client.ask("?")).toBe("answered");
  await stranger("127.0.0.2");
  expect(idle.filter(({ closed }) => closed)).toEqual([]);
});

test("the 1025th stranger of all addresses is refused, and after the cut there is room for anybody", async () => {
  const groups: (readonly ClientHttp2Session[])[] = [];
  for (let host = 2; host < 18; host++) groups.push(await strangers(64, `127.0.0.${host}`));
  await closed([tryStranger("127.0.0.1")]);
  clock.advance(10_000);
  await closed(groups.flat());
  expect(await newClient().ask("?")).toBe("answered");
});

test("a flood of strangers keeps nobody out after the cut", async () => {
  const idle = await strangers(64);
  await expect(newClient().ask("password")).rejects.toThrow("UNAVAILABLE");
  clock.advance(10_000);
  await closed(idle);
  expect(await newClient().ask("password")).toBe("answered");
});

test("150 participants of one address that come back fifty at a time all get in and stay", async () => {
  const clients: RawClient[] = [];
  for (let wave = 0; wave < 3; wave++) {
    const next = Array.from({ length: 50 }, () => newClient());
    const answers = await Promise.all(next.map((client) => client.ask("password")));
    expect(new Set(answers)).toEqual(new Set(["answered"]));
    clients.push(...next);
  }
  expect(clock.sleepers).toBe(0);
  const answers = await Promise.all(clients.map((client) => client.ask("?")));
  expect(answers).toHaveLength(150);
});

test.each([
  ["::1", "[::1]"],
  ["::", "127.0.0.1"],
  ["::", "[::1]"],
])("at %s whoever calls as %s and proves who it is stays", async (host, caller) => {
  await openAt(host);
  const client = newClient(caller);
  expect(await client.ask("?")).toBe("answered");
  expect(clock.sleepers).toBe(1);
  expect(await client.ask("password")).toBe("answered");
  expect(clock.sleepers).toBe(0);
});

test("a stranger that hangs up leaves its place to another", async () => {
  const known = new Strangers(clock);
  const listening = createServer().listen(0, "127.0.0.1");
  opened.defer(() => void listening.close());
  await once(listening, "listening");
  const { port } = listening.address() as AddressInfo;
  const accepted = async (): Promise<Socket> => {
    const client = connect(port, "127.0.0.1");
    opened.defer(() => void client.destroy());
    return (await once(listening, "connection"))[0];
  };
  const first = await accepted();
  expect(known.admit(first)).toBe(true);
  for (let i = 1; i < 64; i++) expect(known.admit(await accepted())).toBe(true);
  expect(known.admit(await accepted())).toBe(false);
  first.destroy();
  await once(first, "close");
  expect(known.admit(await accepted())).toBe(true);
  expect(known.admit(await accepted())).toBe(false);
});

test.each([
  ["192.0.2.1", "192.0.2.1"],
  ["::ffff:192.0.2.1", "::ffff:192.0.2.1"],
  ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2"],
  ["2001:db8:1:2::6", "2001:db8:1:2"],
  ["2001:db8::6", "2001:db8:0:0"],
  ["fe80::1%eth0", "fe80:0:0:0"],
  ["2001:db8:1::", "2001:db8:1:0"],
  ["::1", "0:0:0:0"],
])("%s counts as one of %s", (address, network) => {
  expect(networkOf(address)).toBe(network);
});
