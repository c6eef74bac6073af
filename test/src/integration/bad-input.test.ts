import { readFile } from "node:fs/promises";
import type { Step, StepCall, StepRequests } from "@chorus/cli/honest-answers";
import { ParticipantServiceService } from "@chorus/proto/v1/participant";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type BegunUpload, beginUpload } from "../support/begun-upload.ts";
import { unaryCall } from "../support/call.ts";
import { checkIn, checkInRequest } from "../support/check-in.ts";
import { changed, contradictions, inRound, misdeeds } from "../support/misdeeds.ts";
import { patienceMs } from "../support/patience.ts";
import { testPlan } from "../support/plan.ts";
import { RawFederation } from "../support/raw-federation.ts";
import { freshIdentity } from "../support/raw-participant.ts";
import { refusalOf } from "../support/refusal.ts";

const everybody = [0, 1, 2, 3];
const steps = Object.keys(contradictions) as Step[];
let federation: RawFederation;

beforeAll(async () => {
  federation = await RawFederation.start();
}, patienceMs);

/** Whatever participants send, nobody at the coordinator must act. */
afterAll(async () => {
  const { entries } = federation.coordinator.log;
  await federation[Symbol.asyncDispose]();
  expect(entries.filter(({ level }) => Number(level) >= 50)).toEqual([]);
}, patienceMs);

test.each(misdeeds)(
  "$step with $what is $refusal, and the round completes with everybody",
  async (misdeed) => {
    const { raw } = federation;
    const refused = raw.before(misdeed.step, async (honest) => {
      const refusal = await refusalOf(raw.send(misdeed.of(honest)));
      expect(refusal).toMatch(new RegExp(`^${misdeed.refusal}\\b`));
    });
    expect(await federation.round()).toEqual(everybody);
    await refused;
  },
);

test.each(steps)(
  "%s again is answered again, another is ALREADY_EXISTS, and the round completes",
  async (step) => {
    const { raw, otherRaw } = federation;
    const done = Promise.withResolvers<void>();
    const waited = otherRaw.before(step, () => done.promise);
    const contradicted = raw.after(step, async (honest) => {
      await raw.send(honest);
      const contradiction = changed(honest, contradictions[step] as never) as StepCall;
      const refusal = await refusalOf(raw.send(contradiction));
      expect(refusal).toMatch(/^ALREADY_EXISTS contradictory-message: /);
      await raw.send(honest);
    });
    const round = federation.round();
    await contradicted.finally(done.resolve);
    expect(await round).toEqual(everybody);
    await waited;
  },
);

test("the messages of an earlier round are refused, also under the name of the present one", async () => {
  const { raw } = federation;
  expect(await federation.round()).toEqual(everybody);
  const earlier = steps.slice(1).map((step) => raw.sent.get(step) as StepCall);
  const refused = raw.before("acceptRound", async ({ request }) => {
    const { roundId } = request as StepRequests["acceptRound"];
    for (const call of earlier) {
      expect(await refusalOf(raw.send(call))).toMatch(/^FAILED_PRECONDITION unknown-round: /);
      const renamed = inRound(call, roundId);
      expect(await refusalOf(raw.send(renamed))).toMatch(
        /^FAILED_PRECONDITION wrong-phase: the round is selecting, /,
      );
    }
  });
  expect(await federation.round()).toEqual(everybody);
  await refused;
});

test("what somebody outside the cohort sends is refused, and is not the round's traffic", async () => {
  const { raw, coordinator, operator } = federation;
  const invitation = (await readFile(coordinator.invitationFile, "utf8")).trim();
  const named = { name: "stranger", invitation };
  const session = await checkIn(
    raw.client,
    await checkInRequest(raw.client, freshIdentity(), named),
  );
  const refused = raw.before("reportTrained", async ({ request }) => {
    const { roundId } = request as StepRequests["reportTrained"];
    const graphNonceCommitment = new Uint8Array(32);
    const sent = { roundId, modelHash: new Uint8Array(1_048_576), graphNonceCommitment };
    const { reportTrained } = ParticipantServiceService;
    const refusal = await refusalOf(unaryCall(raw.client, reportTrained, sent, session));
    expect(refusal).toMatch(/^FAILED_PRECONDITION not-in-cohort: /);
  });
  const { runId } = await operator.startRun(testPlan({ rounds: 1, participants: 4 }));
  const { rounds } = await operator.ended(runId);
  await refused;
  expect(rounds[0]?.receivedBytes).toBeLessThan(500_000);
});

test("a participant that has left is heard no more, and the others complete without it", async () => {
  const { raw } = federation;
  const refused = raw.before("reportTrained", async (honest) => {
    const { roundId } = honest.request as StepRequests["reportTrained"];
    const { leaveRound } = ParticipantServiceService;
    const reason = "Patient 17 of ward 3 is missing";
    await unaryCall(raw.client, leaveRound, { roundId, reason }, raw.session);
    expect(await refusalOf(raw.send(honest))).toMatch(/^FAILED_PRECONDITION /);
    return "silent";
  });
  const left = federation.coordinator.log.next("participant left the round");
  expect(await federation.round()).toEqual([0, 1, 3]);
  await refused;
  expect(await left).toMatchObject({ participant: "raw-2", reason: "unnamed" });
});

test("an upload that breaks off in the middle changes nothing, and the round completes with everybody", async () => {
  const { raw } = federation;
  const brokenOff = raw.before("submitUpdate", async (honest) => {
    const upload = await beginUpload(raw, honest);
    upload.cancel();
    expect(await upload.refusal).toMatch(/^CANCELLED /);
  });
  expect(await federation.round()).toEqual(everybody);
  await brokenOff;
});

test("an upload that hangs is refused when a newer one comes, which is taken", async () => {
  const { raw, otherRaw } = federation;
  const done = Promise.withResolvers<void>();
  const waited = otherRaw.before("submitUpdate", () => done.promise);
  let hanging: BegunUpload | undefined;
  const begun = raw.before("submitUpdate", async (honest) => {
    hanging = await beginUpload(raw, honest);
  });
  const replaced = raw.after("submitUpdate", async () => {
    expect(await hanging?.refusal).toMatch(/^ABORTED replaced-upload: /);
  });
  const round = federation.round();
  await begun;
  await replaced.finally(done.resolve);
  expect(await round).toEqual(everybody);
  await waited;
});
