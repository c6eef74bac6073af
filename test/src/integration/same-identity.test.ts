import { cp } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { checkIn, checkInRequest } from "../support/check-in.ts";
import { startTestCoordinator, type TestCoordinator } from "../support/coordinator.ts";
import { type TemporaryFolder, temporaryFolder } from "../support/folder.ts";
import { TestLog } from "../support/log.ts";
import { TestOperator } from "../support/operator.ts";
import { participate, startParticipants, unitParticipants } from "../support/participants.ts";
import { patienceMs } from "../support/patience.ts";
import { testPlan } from "../support/plan.ts";
import { RawParticipant } from "../support/raw-participant.ts";
import { refusalOf } from "../support/refusal.ts";
import { survivorsOf } from "../support/unit-rounds.ts";
import { UnitTrainer } from "../support/unit-trainer.ts";

const opened = new AsyncDisposableStack();
let folder: TemporaryFolder;
let coordinator: TestCoordinator;
let operator: TestOperator;
let raw: RawParticipant;

/** Three participants at places 0 to 2, and a raw one at place 3. */
beforeAll(async () => {
  folder = opened.use(await temporaryFolder());
  coordinator = opened.use(await startTestCoordinator(join(folder.path, "coordinator")));
  operator = opened.use(await TestOperator.connect(coordinator));
  opened.use(startParticipants(coordinator, folder.path, unitParticipants(3)));
  raw = opened.use(await RawParticipant.enrol(coordinator, 3));
  expect(await survivorsOfRound()).toEqual([0, 1, 2, 3]);
}, patienceMs);

afterAll(() => opened.disposeAsync(), patienceMs);

/** Places whose updates are in the model of one more round. */
async function survivorsOfRound(): Promise<readonly number[]> {
  const { runId } = await operator.startRun(testPlan({ rounds: 1, participants: 4 }));
  await operator.ended(runId);
  return survivorsOf(await operator.models(runId)).flat();
}

/** Whom the coordinator has lost so far. */
function disconnected(): readonly unknown[] {
  const { entries } = coordinator.log;
  return entries.filter(({ msg }) => msg === "participant disconnected");
}

test("a second check-in with an identity that is here is ABORTED identity-in-use, and the first goes on", async () => {
  const request = await checkInRequest(raw.client, raw.identity, { name: "raw-3", invitation: "" });
  expect(await refusalOf(checkIn(raw.client, request))).toBe(
    "ABORTED identity-in-use: the identity of raw-3 is in use elsewhere: only one program at a time can take part with it",
  );
  expect(await survivorsOfRound()).toEqual([0, 1, 2, 3]);
  expect(disconnected()).toEqual([]);
});

test("a second participant with a copied identity gives up, saying so, and the first is not disturbed", async () => {
  const elsewhere = join(folder.path, "elsewhere");
  await cp(join(folder.path, "site-0"), join(elsewhere, "site-0"), { recursive: true });
  const spec = { name: "site-0", trainer: new UnitTrainer(7) };
  const log = new TestLog();
  const { signal } = new AbortController();
  const second = participate(coordinator, elsewhere, spec, log, signal);
  await expect(second).rejects.toMatchObject({ name: "ClientError", code: "identity-in-use" });
  expect(log.find("checked in")).toBeUndefined();
  expect(await survivorsOfRound()).toEqual([0, 1, 2, 3]);
  expect(disconnected()).toEqual([]);
});
