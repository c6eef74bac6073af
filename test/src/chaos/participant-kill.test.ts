import { join } from "node:path";
import { FakeClock } from "@chorus/coordinator/testing/fake-clock";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startTestCoordinator, type TestCoordinator } from "../support/coordinator.ts";
import { type TemporaryFolder, temporaryFolder } from "../support/folder.ts";
import { type RunEvent, TestOperator } from "../support/operator.ts";
import { ParticipantChild } from "../support/participant-child.ts";
import { patienceMs } from "../support/patience.ts";
import { testPlan } from "../support/plan.ts";
import { survivorsOf } from "../support/unit-rounds.ts";

const opened = new AsyncDisposableStack();
const clock = new FakeClock();
const softDeadlineMs = 30_000;
const hardDeadlineMs = 600_000;
const everybody = [0, 1, 2, 3];
const children = new Map<number, ParticipantChild>();
let folder: TemporaryFolder;
let coordinator: TestCoordinator;
let operator: TestOperator;

/** Four participants in their own processes, connected to a coordinator whose time stands still. */
beforeAll(async () => {
  folder = opened.use(await temporaryFolder());
  const directory = join(folder.path, "coordinator");
  coordinator = opened.use(await startTestCoordinator(directory, { clock }));
  operator = opened.use(await TestOperator.connect(coordinator));
  opened.defer(async () => {
    for (const child of children.values()) await child.kill();
  });
  await Promise.all(everybody.map(start));
}, patienceMs);

afterAll(() => opened.disposeAsync(), patienceMs);

/** Starts the participant of a place, anew when it has ended. */
async function start(place: number): Promise<void> {
  const name = `site-${place}`;
  const site = { name, place, dataPath: folder.path, stateDirectory: join(folder.path, name) };
  const child = new ParticipantChild(coordinator, site);
  children.set(place, child);
  await child.entry("checked in");
}

function childAt(place: number): ParticipantChild {
  const child = children.get(place);
  if (child === undefined) throw new Error(`nobody is at place ${place}`);
  return child;
}

/** Starts a run; the participants at `places` kill themselves in it, and the coordinator has noticed. */
async function startDeadlyRun(
  places: readonly number[],
  sentence: string,
  rounds: number,
): Promise<Uint8Array> {
  const deaths = places.map(async (place) => {
    const { name, ended } = childAt(place);
    const noticed = coordinator.log.next("participant disconnected", { participant: name });
    expect(await ended).toBe("signal SIGKILL");
    await noticed;
  });
  await Promise.all(places.map((place) => childAt(place).dieAfter(sentence)));
  const deadlines = { softDeadlineMs, hardDeadlineMs };
  const { runId } = await operator.startRun(testPlan({ rounds, participants: 4, ...deadlines }));
  await Promise.all(deaths);
  return runId;
}

function isProgress(phase: string, delivered: number): (event: RunEvent) => boolean {
  return ({ $case, value }) =>
    $case === "progress" && value.phase === phase && value.delivered === delivered;
}

const others = [0, 2, 3];

test.each([
  ["accepted the round", "training", others],
  ["trained", "advertising-keys", others],
  ["advertised keys", "sharing-keys", others],
  ["shared keys", "collecting", others],
  ["uploaded the masked update", "confirming-survivors", everybody],
  ["confirmed the survivors", "unmasking", everybody],
])(
  "killed right after it %s, a participant is awaited in %s to the soft deadline, and is back in the next round",
  async (sentence, phase, survivors) => {
    const runId = await startDeadlyRun([1], sentence, 2);
    await operator.event(runId, isProgress(phase, 3));
    clock.advance(softDeadlineMs);
    await operator.event(runId, ({ $case }) => $case === "completed");
    await start(1);
    const { rounds } = await operator.ended(runId);
    expect(rounds).toMatchObject([
      { round: 1, attempts: 1, survivors: survivors.length },
      { round: 2, attempts: 1, survivors: 4 },
    ]);
    expect(survivorsOf(await operator.models(runId))).toEqual([survivors, everybody]);
  },
);

test("killed right after it revealed shares, a participant keeps nobody waiting, and is back in the next round", async () => {
  const runId = await startDeadlyRun([1], "revealed shares", 2);
  await operator.event(runId, ({ $case }) => $case === "completed");
  await start(1);
  const { rounds } = await operator.ended(runId);
  expect(rounds.map(({ attempts }) => attempts)).toEqual([1, 1]);
  expect(survivorsOf(await operator.models(runId))).toEqual([everybody, everybody]);
});

test("restarted before it trained, a participant trains in the same round", async () => {
  const runId = await startDeadlyRun([1], "accepted the round", 1);
  await start(1);
  const { rounds } = await operator.ended(runId);
  expect(rounds).toMatchObject([{ attempts: 1, survivors: 4 }]);
  expect(survivorsOf(await operator.models(runId))).toEqual([everybody]);
});

test("restarted in the exchange, a participant without its secrets leaves at once, and no deadline is waited for", async () => {
  const runId = await startDeadlyRun([1], "shared keys", 1);
  const left = coordinator.log.next("participant left the round", { participant: "site-1" });
  await start(1);
  expect(await left).toMatchObject({ reason: "restarted" });
  const { rounds } = await operator.ended(runId);
  expect(rounds).toMatchObject([{ attempts: 1, cohort: 4, survivors: 3 }]);
  expect(survivorsOf(await operator.models(runId))).toEqual([others]);
});

test("two of four killed in the exchange: the attempt reveals nothing and ends with a reason, the next one completes", async () => {
  const runId = await startDeadlyRun([0, 1], "shared keys", 1);
  const events = Array.fromAsync(operator.watchRun(runId));
  await operator.event(runId, isProgress("collecting", 2));
  clock.advance(softDeadlineMs);
  expect((await operator.explainRun(runId)).awaited).toEqual(["site-0", "site-1"]);
  const abandoned = coordinator.log.next("round abandoned");
  clock.advance(hardDeadlineMs - softDeadlineMs);
  expect(await abandoned).toMatchObject({
    attempt: 1,
    reason: "too few delivered an update: 2 of 4, wanted 3",
  });
  const { roundId } = await childAt(2).log.entry("the round was abandoned");
  for (const sentence of ["confirmed the survivors", "revealed shares"])
    for (const place of [2, 3])
      expect(childAt(place).log.find(sentence, { roundId })).toBeUndefined();
  await Promise.all([start(0), start(1)]);
  clock.advance(1_000);
  const { rounds } = await operator.ended(runId);
  expect(rounds).toMatchObject([{ attempts: 2, survivors: 4 }]);
  expect(survivorsOf(await operator.models(runId))).toEqual([everybody]);
  const phases = (await events).flatMap(({ $case, value }) =>
    $case === "progress" && value.attempt === 1 ? [value.phase] : [],
  );
  expect(phases.at(-1)).toBe("collecting");
});
