import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ChainAccess, httpTransport, type Ledger, openLedgerReader } from "@chorus/chain";
import { Registry } from "prom-client";
import { afterAll, beforeAll, expect, test } from "vitest";
import { answerChain } from "./chain-route.ts";
import { openHttpServer } from "./http-server.ts";

const opened = new AsyncDisposableStack();
const soon = () => AbortSignal.timeout(60_000);
const runId = "a".repeat(64);
let folder: string;
let chain: ChainAccess;
let ledger: Ledger;
let url: string;

/** A coordinator's chain with one round, and the server that shows it. */
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "chorus-route-"));
  opened.defer(() => rm(folder, { recursive: true }));
  const paths = {
    chain: join(folder, "chain"),
    key: join(folder, "key"),
    contract: join(folder, "contract"),
  };
  chain = opened.use(await ChainAccess.open({ kind: "embedded" }, paths, () => Date.now()));
  if (chain.readOnly === undefined) throw new Error("the embedded chain answers nobody");
  const routes = {
    registry: new Registry(),
    problems: () => [],
    chain: answerChain(chain.readOnly),
  };
  const server = opened.use(await openHttpServer({ host: "127.0.0.1", port: 0 }, routes));
  url = `http://127.0.0.1:${server.port}/chain`;
});

afterAll(() => opened.disposeAsync());

async function ask(method: string, params: readonly unknown[]) {
  const body = JSON.stringify({ jsonrpc: "2.0", id: 7, method, params });
  const response = await fetch(url, { method: "POST", body });
  return (await response.json()) as { result?: unknown; error?: { code: number; message: string } };
}

test("before the first commit nothing can be called", async () => {
  const answer = await ask("eth_call", [{ to: `0x${"12".repeat(20)}` }, "latest"]);
  expect(answer.error?.code).toBe(-32_602);
  expect(answer.error?.message).toContain("there is no ledger yet");
});

test("an auditor reads the records over HTTP from the first commit on", async () => {
  ledger = await chain.ledger(soon());
  const [planHash, modelHash] = ["b".repeat(64), "d".repeat(64)];
  const record = { runId, round: 1, planHash, parentModelHash: planHash, modelHash };
  const entry = await ledger.commit({ ...record, updatesRoot: planHash, survivors: 3 }, soon());
  const { contract, committer } = chain;
  if (contract === undefined) throw new Error("no contract is known");
  const transport = httpTransport(url);
  const where = { transport, contractAddress: contract, committer, timeoutMs: 60_000 };
  const reader = await openLedgerReader(where, soon());
  expect(await reader.history(runId, soon())).toEqual([entry]);
});

/** Five million gas of it took the process two seconds: JUMPDEST PUSH0 JUMP, as creation code and as an override's code. */
const loop = "0x5b5f56";

test.each([
  ["code of its own", (_to: string) => [{ data: loop }, "latest"]],
  ["another contract's code", () => [{ to: `0x${"12".repeat(20)}`, data: loop }, "latest"]],
  ["the ledger with other code", (to: string) => [{ to }, "latest", { [to]: { code: loop } }]],
])("a stranger's call cannot make the coordinator execute %s", async (_what, params) => {
  const answer = await ask("eth_call", params(chain.contract ?? ""));
  expect(answer.error?.code).toBe(-32_602);
  expect((await ask("eth_estimateGas", params(chain.contract ?? ""))).error?.code).toBe(-32_601);
});

test("a chain that cannot answer tells strangers no more than its error's code", async () => {
  await chain[Symbol.asyncDispose]();
  const { error } = await ask("eth_getBlockByNumber", ["0x0"]);
  expect(error).toEqual({ code: -32_603, message: "the chain cannot answer: unreachable" });
});
