import type { StepRequests } from "@chorus/cli/honest-answers";
import { ParticipantServiceService } from "@chorus/proto/v1/participant";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type BegunUpload, beginUpload } from "../support/begun-upload.ts";
import { unaryCall } from "../support/call.ts";
import { patienceMs } from "../support/patience.ts";
import { testPlan } from "../support/plan.ts";
import { RawFederation } from "../support/raw-federation.ts";
import { survivorsOf } from "../support/unit-rounds.ts";

let federation: RawFederation;

beforeAll(async () => {
  federation = await RawFederation.start();
}, patienceMs);

/** Whatever participants do, nobody at the coordinator must act. */
afterAll(async () => {
  const { entries } = federation.coordinator.log;
  await federation[Symbol.asyncDispose]();
  expect(entries.filter(({ level }) => Number(level) >= 50)).toEqual([]);
}, patienceMs);

interface HungRound {
  readonly runId: Uint8Array;
  readonly roundId: Uint8Array;
  readonly upload: BegunUpload;
  /** Sends the update after all. */
  again(): Promise<void>;
}

/** Starts a run of one round, in which three have delivered and the upload of the raw participant at place 2 hangs. */
async function startHungRound(softDeadlineMs = 60_000): Promise<HungRound> {
  const { raw, operator } = federation;
  const begun = Promise.withResolvers<Omit<HungRound, "runId">>();
  const silent = raw.before("submitUpdate", async (honest) => {
    const upload = await beginUpload(raw, honest);
    const [header] = honest.request as StepRequests["submitUpdate"];
    if (header?.part?.$case !== "header") throw new Error("an upload begins with its header");
    const { roundId } = header.part.value;
    begun.resolve({ roundId, upload, again: () => raw.send(honest) });
    return "silent";
  });
  const { runId } = await operator.startRun(
    testPlan({ rounds: 1, participants: 4, softDeadlineMs, hardDeadlineMs: 2 * softDeadlineMs }),
  );
  await silent;
  await operator.event(
    runId,
    ({ $case, value }) =>
      $case === "progress" && value.phase === "collecting" && value.delivered === 3,
  );
  return { runId, ...(await begun.promise) };
}

/** Places whose updates are in the model of the run's only round. */
async function survivors(runId: Uint8Array): Promise<readonly number[]> {
  const { operator } = federation;
  await operator.ended(runId);
  return survivorsOf(await operator.models(runId)).flat();
}

test("an upload that hangs when its phase ends is refused, and the round completes without it", async () => {
  const { runId, upload } = await startHungRound(20_000);
  federation.clock.advance(20_000);
  expect(await upload.refusal).toMatch(/^FAILED_PRECONDITION wrong-phase: /);
  expect(await survivors(runId)).toEqual([0, 1, 3]);
});

test("an upload that hangs when its participant leaves is refused, and the round completes without it", async () => {
  const { raw, coordinator } = federation;
  const { runId, roundId, upload } = await startHungRound();
  const { leaveRound } = ParticipantServiceService;
  const left = coordinator.log.next("participant left the round");
  await unaryCall(raw.client, leaveRound, { roundId, reason: "unreadable" }, raw.session);
  expect(await upload.refusal).toMatch(/^FAILED_PRECONDITION not-in-cohort: /);
  expect(await survivors(runId)).toEqual([0, 1, 3]);
  expect(await left).toMatchObject({ participant: "raw-2", reason: "unreadable" });
});

test("an upload of which nothing comes for 30 s is refused, and may be sent again", async () => {
  const { runId, upload, again } = await startHungRound();
  federation.clock.advance(30_000);
  expect(await upload.refusal).toMatch(
    /^ABORTED stalled-upload: nothing of the upload came for 30 s/,
  );
  await again();
  expect(await survivors(runId)).toEqual([0, 1, 2, 3]);
});

test("an upload that hangs when the run is stopped is refused", async () => {
  const { runId, upload } = await startHungRound();
  await federation.operator.stopRun(runId);
  expect(await upload.refusal).toMatch(
    /^FAILED_PRECONDITION wrong-phase: the round is abandoned, /,
  );
});
