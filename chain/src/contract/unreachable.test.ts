import { once } from "node:events";
import { createServer as createHttpServer } from "node:http";
import { type AddressInfo, createServer, type Server } from "node:net";
import { inspect } from "node:util";
import { custom, type Transport } from "viem";
import { describe, expect, test } from "vitest";
import type { Provider } from "../embedded/provider.ts";
import { LedgerError } from "../ledger.ts";
import { nodeServer } from "../testing/node-server.ts";
import { recordOf } from "../testing/records.ts";
import { never, openTestChain, openTestLedger, owner, patienceMs } from "../testing/test-chain.ts";
import { openContractLedger } from "./contract-ledger.ts";
import { httpTransport } from "./http-transport.ts";
import { openLedgerReader } from "./ledger-reader.ts";

/** Short: nothing is to answer within it. */
const timeoutMs = 300;

async function listen(server: Server): Promise<string> {
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = server.address() as AddressInfo;
  return `http://127.0.0.1:${port}/key-5ecret`;
}

/** Accepts connections and says nothing; notices when they are cut. */
function silentServer(): Server {
  return createServer((socket) => socket.resume());
}

async function openAt(url: string) {
  return await openWith(httpTransport(url), timeoutMs, never);
}

async function openReaderAt(url: string) {
  const whose = { contractAddress: owner.address, committer: owner.address };
  return await openLedgerReader({ transport: httpTransport(url), ...whose, timeoutMs }, never);
}

async function openWith(transport: Transport, timeoutMs: number, signal: AbortSignal) {
  const options = { transport, account: owner, contractAddress: undefined, timeoutMs };
  return await openContractLedger(options, signal);
}

describe("a chain that does not answer is unreachable:", () => {
  test("a port that accepts and says nothing, and the connection is cut afterwards", async () => {
    await using server = silentServer();
    const url = await listen(server);
    const connected = once(server, "connection");
    const opening = openAt(url);
    const [socket] = await connected;
    const cut = once(socket, "close");
    await expect(opening).rejects.toMatchObject({ name: "LedgerError", code: "unreachable" });
    await cut;
  });

  test("a closed port", async () => {
    const server = createServer();
    const url = await listen(server);
    server.close();
    await once(server, "close");
    await expect(openAt(url)).rejects.toMatchObject({ code: "unreachable" });
    await expect(openAt(url)).rejects.toThrow("ECONNREFUSED");
  });

  test("a server that answers with an error page", async () => {
    await using server = createHttpServer((_request, response) => {
      response.writeHead(503).end("<h1>try later</h1>");
    });
    const url = await listen(server);
    await expect(openAt(url)).rejects.toMatchObject({ code: "unreachable" });
  });

  test("a transport that never answers and knows no time-outs", async () => {
    const silent = custom({ request: () => Promise.withResolvers<never>().promise });
    const opening = openWith(silent, timeoutMs, never);
    await expect(opening).rejects.toMatchObject({ code: "unreachable" });
    await expect(opening).rejects.toThrow(`no answer within ${timeoutMs} ms`);
  });

  test("to a reader too", async () => {
    await using server = silentServer();
    const reader = openReaderAt(await listen(server));
    await expect(reader).rejects.toMatchObject({ code: "unreachable" });
  });
});

test("an abort while the chain is silent ends the wait with the signal's reason and the connection", async () => {
  await using server = silentServer();
  const transport = httpTransport(await listen(server));
  const connected = once(server, "connection");
  const controller = new AbortController();
  const opening = openWith(transport, patienceMs, controller.signal);
  const [socket] = await connected;
  const cut = once(socket, "close");
  controller.abort(new Error("shutting down"));
  await expect(opening).rejects.toThrow("shutting down");
  await cut;
});

test("an error never shows the URL, which may hold a key", async () => {
  const server = createServer();
  const url = await listen(server);
  server.close();
  await once(server, "close");
  const error = await openAt(url).catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(LedgerError);
  expect(inspect(error, { depth: 9, showHidden: true })).not.toContain("key-5ecret");
});

test.each(["nonsense://key-5ecret", "node.example/key-5ecret", "key-5ecret"])(
  "%s is no chain's address, and the error does not show it",
  async (url) => {
    const malformed = await openAt(url).catch((caught: unknown) => caught);
    expect(malformed).toMatchObject({ code: "bad-address" });
    expect(inspect(malformed, { depth: 9, showHidden: true })).not.toContain("5ecret");
  },
);

test.each([
  ["opening a ledger", (url: string) => openAt(url), "was asked for its id"],
  ["reading a ledger", (url: string) => openReaderAt(url), "was asked for its id"],
])("%s, the error names host and question and what to do", async (_what, open, asked) => {
  await using server = createHttpServer((request, response) => {
    response.writeHead(404).end(`Cannot ${request.method} ${request.url}`);
  });
  const url = `${await listen(server)}/word?apikey=s%C3%A9cret-key`;
  const error = await open(url).catch((caught: unknown) => caught);
  const text = inspect(error, { depth: 9, showHidden: true });
  expect(text).toContain(`the chain at ${new URL(url).host} ${asked}: `);
  expect(text).toContain("404");
  expect(text).toContain("; check its address, and that it runs");
  for (const secret of ["key-5ecret", "s%C3%A9cret-key", "sécret-key"])
    expect(text).not.toContain(secret);
});

test("a commit that finds no chain any more names the host and the round", async () => {
  await using chain = await openTestChain();
  const { contractAddress } = await openTestLedger(chain);
  const server = nodeServer(chain.provider);
  const url = await listen(server);
  const options = { transport: httpTransport(url), account: owner, contractAddress, timeoutMs };
  const ledger = await openContractLedger(options, never);
  server.closeAllConnections();
  await server[Symbol.asyncDispose]();
  const error = await ledger.commit(recordOf("a", 1), never).catch((caught: unknown) => caught);
  const { host } = new URL(url);
  expect(error).toMatchObject({ code: "unreachable" });
  const text = inspect(error, { depth: 9, showHidden: true });
  expect(text).toContain(`the chain at ${host} was asked for the entry of round 1: `);
  for (const shown of [text, inspect(ledger, { depth: 9, showHidden: true }), `${error}`])
    expect(shown).not.toContain("key-5ecret");
});

/** The chain behind a line that breaks at the method's first question: before the chain has heard it, or after. */
function losing(provider: Provider, method: string, when: "answer" | "question"): Provider {
  let lost = false;
  return {
    async request(request) {
      const loses = request.method === method && !lost;
      if (loses) lost = true;
      const broken = new Error("the line broke");
      if (loses && when === "question") throw broken;
      const answer = await provider.request(request);
      if (loses) throw broken;
      return answer;
    },
  };
}

describe("a commit whose outcome is unknown can be repeated:", () => {
  test.each([
    ["eth_sendRawTransaction", "answer", 1],
    ["eth_sendRawTransaction", "question", 0],
    ["eth_getTransactionReceipt", "question", 1],
    ["eth_estimateGas", "answer", 0],
  ] as const)("%s, %s lost", async (method, when, entered) => {
    await using chain = await openTestChain();
    const { contractAddress } = await openTestLedger(chain);
    const transport = custom(losing(chain.provider, method, when));
    const options = { transport, account: owner, contractAddress, timeoutMs: patienceMs };
    const ledger = await openContractLedger(options, never);
    const record = recordOf("a", 1);
    await expect(ledger.commit(record, never)).rejects.toMatchObject({ code: "unreachable" });
    expect(await ledger.history(record.runId, never)).toHaveLength(entered);
    const entry = await ledger.commit(record, never);
    expect(await ledger.history(record.runId, never)).toEqual([entry]);
    expect(await chain.audit(never)).toEqual({ blocks: 3 });
  });
});

test("a transaction that is in no block in time is unreachable, and takes effect once later", async () => {
  await using chain = await openTestChain();
  const { contractAddress } = await openTestLedger(chain);
  const held: unknown[] = [];
  const slow: Provider = {
    async request(request) {
      if (request.method !== "eth_sendRawTransaction") return await chain.provider.request(request);
      held.push(request.params);
      return `0x${"0".repeat(64)}`;
    },
  };
  const options = { account: owner, contractAddress, timeoutMs: 2_000 };
  const ledger = await openContractLedger({ transport: custom(slow), ...options }, never);
  const record = recordOf("a", 1);
  await expect(ledger.commit(record, never)).rejects.toMatchObject({ code: "unreachable" });
  await chain.provider.request({ method: "eth_sendRawTransaction", params: held[0] });
  const entry = await ledger.commit(record, never);
  expect(await ledger.history(record.runId, never)).toEqual([entry]);
  expect(held).toHaveLength(1);
});
