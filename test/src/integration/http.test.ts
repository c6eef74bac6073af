import { EMBEDDED_CHAIN_ID } from "@chorus/chain";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startTestCoordinator, type TestCoordinator } from "../support/coordinator.ts";
import { temporaryFolder } from "../support/folder.ts";
import { TestOperator } from "../support/operator.ts";
import { startParticipants, unitParticipants } from "../support/participants.ts";
import { patienceMs } from "../support/patience.ts";
import { testPlan } from "../support/plan.ts";

const opened = new AsyncDisposableStack();
let coordinator: TestCoordinator;
let participantIds: readonly string[];

/** One completed round on the chain: from then on every metric has a value. */
beforeAll(async () => {
  const folder = opened.use(await temporaryFolder());
  coordinator = opened.use(await startTestCoordinator(`${folder.path}/coordinator`));
  opened.use(startParticipants(coordinator, folder.path, unitParticipants(4)));
  using operator = await TestOperator.connect(coordinator);
  const { runId } = await operator.startRun(testPlan({ rounds: 1, participants: 4 }));
  await operator.ended(runId);
  await coordinator.log.entry("round committed to the chain", { round: 1 });
  const { participants } = await operator.listParticipants();
  participantIds = participants.map(({ participantId }) => participantId);
}, patienceMs);

afterAll(() => opened.disposeAsync());

function ask(path: string, request: RequestInit = {}): Promise<Response> {
  return fetch(`http://127.0.0.1:${coordinator.httpPort}${path}`, request);
}

async function askChain(method: string, params: readonly unknown[] = []) {
  const body = JSON.stringify({ jsonrpc: "2.0", id: 7, method, params });
  const response = await ask("/chain", { method: "POST", body });
  expect(response.headers.get("content-type")).toContain("application/json");
  return (await response.json()) as { id: number; result?: unknown; error?: { code: number } };
}

/** The value of a metric with these labels; undefined when there is none. */
function seriesValue(metrics: string, series: string): number | undefined {
  const line = metrics.split("\n").find((candidate) => candidate.startsWith(`${series} `));
  return line === undefined ? undefined : Number(line.slice(series.length));
}

test.each([
  ['chorus_rounds_total{outcome="completed"}', 1],
  ['chorus_phase_duration_seconds_count{phase="selecting"}', 1],
  ['chorus_phase_duration_seconds_count{phase="training"}', 1],
  ['chorus_phase_duration_seconds_count{phase="collecting"}', 1],
  ['chorus_phase_duration_seconds_count{phase="unmasking"}', 1],
  ["chorus_reports_total", 4],
  ["chorus_dropouts_total", 0],
  ["chorus_aggregation_duration_seconds_count", 1],
  ['chorus_chain_commits_total{outcome="committed"}', 1],
  ["chorus_chain_waiting_rounds", 0],
  ["chorus_participants_connected", 4],
])("/metrics says %s is %d after one round of four participants", async (series, wanted) => {
  expect(seriesValue(await (await ask("/metrics")).text(), series)).toBe(wanted);
});

test.each([
  // Four updates of 16 words, 64 bytes each, and all that goes with them.
  ['chorus_wire_bytes_total{direction="in"}', 4 * 64],
  // Four times the plan, which is some 900 bytes.
  ['chorus_wire_bytes_total{direction="out"}', 4 * 900],
  ["chorus_phase_duration_seconds_sum", 0],
  ["nodejs_eventloop_lag_seconds", 0],
  ["nodejs_eventloop_lag_p99_seconds", 0],
  ["process_resident_memory_bytes", 1_000_000],
])("/metrics has %s, %d at least", async (series, least) => {
  const metrics = await (await ask("/metrics")).text();
  const values = metrics
    .split("\n")
    .filter((line) => line.startsWith(series))
    .map((line) => Number(line.slice(line.lastIndexOf(" "))));
  expect(Math.max(...values)).toBeGreaterThanOrEqual(least);
});

test("no metric names a participant", async () => {
  const metrics = await (await ask("/metrics")).text();
  expect(participantIds).toHaveLength(4);
  for (const secret of [...participantIds, "site-0", "site-3"])
    expect(metrics).not.toContain(secret);
});

test.each([
  ["/healthz", "ok\n"],
  ["/readyz", "ready\n"],
  ["/readyz?verbose", "ready\n"],
])("%s answers 200 while all is well", async (path, body) => {
  const response = await ask(path);
  expect(response.status).toBe(200);
  expect(await response.text()).toBe(body);
});

test("POST /chain answers what any EVM tool asks first", async () => {
  expect(await askChain("eth_blockNumber")).toMatchObject({ id: 7, result: "0x2" });
  const chainId = `0x${EMBEDDED_CHAIN_ID.toString(16)}`;
  expect(await askChain("eth_chainId")).toMatchObject({ id: 7, result: chainId });
});

test.each([
  ["a transaction", "eth_sendRawTransaction", ["0x02"], -32_601],
  ["an unknown method", "eth_mining", [], -32_601],
  ["parameters that do not hold", "eth_getBlockByNumber", ["soon"], -32_602],
])("POST /chain refuses %s", async (_what, method, params, code) => {
  expect(await askChain(method, params)).toMatchObject({ id: 7, error: { code } });
});

test.each([
  ["no JSON", "}"],
  ["no request", "[]"],
  ["a batch", '[{"jsonrpc":"2.0","id":1,"method":"eth_chainId"}]'],
])("POST /chain answers %s with an error and no id", async (_what, body) => {
  const response = await ask("/chain", { method: "POST", body });
  expect(await response.json()).toMatchObject({ id: null, error: { code: -32_600 } });
});

test.each([
  ["GET", "/", 404],
  ["GET", "/chain", 404],
  ["POST", "/metrics", 404],
  ["DELETE", "/healthz", 404],
])("%s %s answers %d", async (method, path, status) => {
  expect((await ask(path, { method })).status).toBe(status);
});

test("a body of 64 KiB is read, and a larger one is refused with 413", async () => {
  const largest = await ask("/chain", { method: "POST", body: " ".repeat(65_536) });
  expect(largest.status).toBe(200);
  const larger = await ask("/chain", { method: "POST", body: " ".repeat(65_537) });
  expect(larger.status).toBe(413);
  const endless = await ask("/chain", { method: "POST", body: " ".repeat(8_000_000) });
  expect(endless.status).toBe(413);
  expect((await ask("/healthz")).status).toBe(200);
});
