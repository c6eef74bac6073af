import { join } from "node:path";
import { bytesToHex } from "@chorus/aggregation";
import { FakeClock } from "@chorus/coordinator/testing/fake-clock";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startTestCoordinator, type TestCoordinator } from "../support/coordinator.ts";
import { type TemporaryFolder, temporaryFolder } from "../support/folder.ts";
import { TestOperator } from "../support/operator.ts";
import { ParticipantChild } from "../support/participant-child.ts";
import { patienceMs } from "../support/patience.ts";
import { encryption, testPlan } from "../support/plan.ts";

const opened = new AsyncDisposableStack();
const clock = new FakeClock();
const softDeadlineMs = 30_000;
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
  await Promise.all([0, 1, 2, 3].map(start));
}, patienceMs);

afterAll(() => opened.disposeAsync(), patienceMs);

/** Starts the participant of a place, anew when it has ended. */
async function start(place: number): Promise<ParticipantChild> {
  const name = `site-${place}`;
  const site = { name, place, dataPath: folder.path, stateDirectory: join(folder.path, name) };
  const child = new ParticipantChild(coordinator, site);
  children.set(place, child);
  await child.entry("checked in");
  return child;
}

test("killed before it opens the sum, a participant is awaited to the soft deadline, the others' reports complete the round, and it is handed the model", async () => {
  const victim = children.get(1);
  if (victim === undefined) throw new Error("nobody is at place 1");
  await victim.dieAfter("revealed shares");
  const noticed = coordinator.log.next("participant disconnected", { participant: victim.name });
  const deadlines = { softDeadlineMs, hardDeadlineMs: 600_000 };
  const plan = testPlan({ rounds: 2, participants: 4, protection: encryption, ...deadlines });
  const { runId } = await operator.startRun(plan);
  expect(await victim.ended).toBe("signal SIGKILL");
  await noticed;
  await operator.event(
    runId,
    ({ $case, value }) =>
      $case === "progress" && value.phase === "opening" && value.delivered === 3,
  );
  const completed = coordinator.log.entry("round completed", { round: 1 });
  clock.advance(softDeadlineMs);
  await completed;
  const again = await start(1);
  const { rounds } = await operator.ended(runId);
  expect(rounds).toMatchObject([
    { attempts: 1, survivors: 4 },
    { attempts: 1, survivors: 4 },
  ]);
  const round = { runId: bytesToHex(runId, 32), round: 2 };
  await again.entry("was handed the model", round);
  await again.entry("kept the model", round);
});
