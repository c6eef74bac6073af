import { once } from "node:events";
import { bytesToHex } from "@chorus/aggregation";
import { ClientError } from "@chorus/client";
import { FakeClock } from "@chorus/coordinator/testing/fake-clock";
import { type Run, RunStatus } from "@chorus/proto/v1/operator";
import { Client, credentials, status } from "@grpc/grpc-js";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startTestCoordinator, type TestCoordinator } from "../support/coordinator.ts";
import { temporaryFolder } from "../support/folder.ts";
import { type RunEvent, TestOperator } from "../support/operator.ts";
import { type RunningParticipants, startParticipants } from "../support/participants.ts";
import { patienceMs } from "../support/patience.ts";
import { testPlan } from "../support/plan.ts";
import { SteeredTrainer } from "../support/steered-trainer.ts";

const opened = new AsyncDisposableStack();
const clock = new FakeClock();
const trainers = [0, 1, 2, 3].map((place) => new SteeredTrainer(place));
const [, , , last = new SteeredTrainer(3)] = trainers;
const softMs = 20_000;
const hardMs = 40_000;
let coordinator: TestCoordinator;
let operator: TestOperator;
let participants: RunningParticipants;

/** Time stands still. All four participants are connected: each was in the first run. */
beforeAll(async () => {
  const folder = opened.use(await temporaryFolder());
  coordinator = opened.use(await startTestCoordinator(`${folder.path}/coordinator`, { clock }));
  operator = opened.use(await TestOperator.connect(coordinator));
  const specs = trainers.map((trainer, place) => ({ name: `site-${place}`, trainer }));
  participants = opened.use(startParticipants(coordinator, folder.path, specs));
  await operator.ended((await startRun(1)).runId);
}, patienceMs);

afterAll(() => opened.disposeAsync());

function startRun(rounds: number, { select = 4, quorum = 3 } = {}): Promise<Run> {
  const deadlines = { softDeadlineMs: softMs, hardDeadlineMs: hardMs };
  return operator.startRun(testPlan({ rounds, participants: select, quorum, ...deadlines }));
}

/** Waits until the first three have trained in a round. */
async function untilOthersTrained(runId: Uint8Array, round: number): Promise<void> {
  await operator.event(
    runId,
    ({ $case, value }) =>
      $case === "progress" &&
      value.round === round &&
      value.phase === "training" &&
      value.delivered === 3,
  );
}

/** Starts a run whose first round waits for the last participant to train, and for nobody else. */
async function startHeldRun(rounds: number, quorum = 3): Promise<Uint8Array> {
  const held = last.hold();
  const { runId } = await startRun(rounds, { quorum });
  await held;
  await untilOthersTrained(runId, 1);
  return runId;
}

const statusNames = { 0: "unspecified", 1: "running", 2: "completed", 3: "stopped" } as const;

function labelOf(event: RunEvent): string {
  switch (event.$case) {
    case "run":
      return `run ${statusNames[event.value.status]} ${event.value.completedRounds}`;
    case "progress":
      return `progress ${event.value.round} ${event.value.phase}`;
    default:
      return `${event.$case} ${event.value.round}`;
  }
}

test("a run with too few participants says who is there, what suffices and when it goes on", async () => {
  const { runId } = await startRun(1, { select: 5 });
  expect(await operator.explainRun(runId)).toEqual({
    summary:
      "round 1 waits for participants: 4 of 5 connected, 3 suffice, goes on without the rest in 20 s",
    round: 1,
    attempt: 0,
    phase: "waiting-for-participants",
    delivered: ["site-0", "site-1", "site-2", "site-3"],
    awaited: [],
    quorum: 3,
    softDeadlineMs: softMs,
    hardDeadlineMs: 0,
    lastAbandonment: "",
  });
  clock.advance(softMs);
  const { rounds } = await operator.ended(runId);
  expect(rounds).toMatchObject([{ round: 1, cohort: 4, survivors: 4 }]);
});

test("a run in a round says who has delivered, who has not, and both deadlines", async () => {
  const runId = await startHeldRun(1);
  clock.advance(5_000);
  expect(await operator.explainRun(runId)).toEqual({
    summary:
      "round 1, attempt 1, is training: waits for site-3 (3 of 4 delivered, 3 suffice from 15 s on); ends in 35 s at the latest",
    round: 1,
    attempt: 1,
    phase: "training",
    delivered: ["site-0", "site-1", "site-2"],
    awaited: ["site-3"],
    quorum: 3,
    softDeadlineMs: softMs - 5_000,
    hardDeadlineMs: hardMs - 5_000,
    lastAbandonment: "",
  });
  last.release();
  await operator.ended(runId);
});

test("a run between attempts says why the last one was abandoned and when the next begins", async () => {
  const runId = await startHeldRun(1, 4);
  const abandoned = coordinator.log.next("round abandoned");
  last.fail(new ClientError("diverged", "the loss is no number"));
  await abandoned;
  const reason = "too few trained: 3 of 4, wanted 4";
  expect(await operator.explainRun(runId)).toMatchObject({
    summary: `round 1 was abandoned (${reason}); next attempt in 1.0 s; left the last attempt: site-3 (diverged)`,
    round: 1,
    attempt: 1,
    phase: "",
    softDeadlineMs: 1_000,
    hardDeadlineMs: 1_000,
    lastAbandonment: `${reason}; left: site-3 (diverged)`,
  });
  clock.advance(1_000);
  const { rounds } = await operator.ended(runId);
  expect(rounds).toMatchObject([{ round: 1, attempts: 2, survivors: 4 }]);
});

test("a run that has ended waits for nobody", async () => {
  const { runId } = await startRun(2);
  await operator.ended(runId);
  expect(await operator.explainRun(runId)).toMatchObject({
    summary: "the run is completed: it waits for nobody",
    round: 2,
    phase: "",
    softDeadlineMs: 0,
    hardDeadlineMs: 0,
    lastAbandonment: "",
  });
});

test("a stopped run abandons its round, tells the participants, keeps its models and stays stopped", async () => {
  const { runId } = await startRun(1_000);
  await operator.event(runId, ({ $case }) => $case === "completed");
  const stopped = await operator.stopRun(runId);
  expect(stopped).toMatchObject({ status: RunStatus.STOPPED, plannedRounds: 1_000 });
  const { run, rounds } = await operator.getRun(runId);
  expect(run).toEqual(stopped);
  expect(rounds.map(({ round }) => round)).toEqual(
    Array.from({ length: stopped.completedRounds }, (_, index) => index + 1),
  );
  expect(rounds.at(-1)?.modelHash).toEqual(stopped.modelHash);
  await expect(operator.stopRun(runId)).rejects.toMatchObject({
    code: status.FAILED_PRECONDITION,
    details: `not-running: run ${bytesToHex(runId, 32)} is stopped, only a running one stops`,
  });
  expect((await operator.explainRun(runId)).summary).toBe(
    "the run is stopped: it waits for nobody",
  );
});

test("a run that is stopped in a round frees its participants for the next run", async () => {
  const runId = await startHeldRun(1);
  await operator.stopRun(runId);
  await participants.log.entry("the round was abandoned", {
    participant: "site-3",
    abandoned: "stopped by an operator",
  });
  last.release();
  const next = await startRun(1);
  const { rounds } = await operator.ended(next.runId);
  expect(rounds).toMatchObject([{ round: 1, survivors: 4 }]);
});

test("the rounds of a run come in pages", async () => {
  const { runId } = await startRun(5);
  await operator.ended(runId);
  const page = async (afterRound: number, maxRounds: number) => {
    const { run, rounds } = await operator.getRun(runId, { afterRound, maxRounds });
    expect(run?.completedRounds).toBe(5);
    return rounds.map(({ round }) => round);
  };
  expect(await page(0, 2)).toEqual([1, 2]);
  expect(await page(2, 2)).toEqual([3, 4]);
  expect(await page(4, 2)).toEqual([5]);
  expect(await page(5, 2)).toEqual([]);
  expect(await page(0, 0)).toEqual([1, 2, 3, 4, 5]);
  expect(await page(4_294_967_295, 4_294_967_295)).toEqual([]);
});

test("runs are listed newest first, each with how far it has come", async () => {
  const first = await startRun(2);
  await operator.ended(first.runId);
  clock.advance(1);
  const second = await startRun(1);
  await operator.ended(second.runId);
  expect((await operator.listRuns()).slice(0, 2)).toMatchObject([
    { runId: second.runId, status: RunStatus.COMPLETED, completedRounds: 1 },
    { runId: first.runId, status: RunStatus.COMPLETED, completedRounds: 2 },
  ]);
});

test("participants are listed by name with what they run on", async () => {
  const { participants: listed } = await operator.listParticipants();
  expect(listed.map(({ name, isConnected }) => [name, isConnected])).toEqual([
    ["site-0", true],
    ["site-1", true],
    ["site-2", true],
    ["site-3", true],
  ]);
  expect(listed[0]?.capabilities).toEqual({ backend: "custom", softwareVersion: "0.1.0" });
});

test("watching from the middle of a run tells the rounds so far, the present, and the rest", async () => {
  const firstRound = last.hold();
  const { runId } = await startRun(3);
  await firstRound;
  await last.holdNext();
  await untilOthersTrained(runId, 2);
  const labels: string[] = [];
  for await (const event of operator.watchRun(runId)) {
    labels.push(labelOf(event));
    if (event.$case === "progress") last.release();
  }
  expect(labels.slice(0, 3)).toEqual(["run running 1", "completed 1", "progress 2 training"]);
  expect(labels.filter((label) => label.startsWith("completed"))).toEqual([
    "completed 1",
    "completed 2",
    "completed 3",
  ]);
  expect(labels.at(-1)).toBe("run completed 3");
});

test("watching a run that has ended tells its rounds and ends", async () => {
  const { runId } = await startRun(2);
  await operator.ended(runId);
  const labels = (await Array.fromAsync(operator.watchRun(runId))).map(labelOf);
  expect(labels).toEqual(["run completed 2", "completed 1", "completed 2"]);
});

test("reflection lists both services and health to any gRPC tool", async () => {
  const client = new Client(`127.0.0.1:${coordinator.grpcPort}`, credentials.createInsecure());
  const asIs = (bytes: Buffer) => bytes;
  const call = client.makeBidiStreamRequest(
    "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
    asIs,
    asIs,
  );
  // ServerReflectionRequest { string list_services = 7 } of "*".
  call.write(Buffer.from([0x3a, 1, 0x2a]));
  const [answer] = await once(call, "data");
  call.end();
  client.close();
  for (const service of [
    "chorus.v1.ParticipantService",
    "chorus.v1.OperatorService",
    "grpc.health.v1.Health",
  ])
    expect(String(answer)).toContain(service);
});
