import { ParticipantServiceService } from "@chorus/proto/v1/participant";
import { afterAll, beforeAll, expect, test } from "vitest";
import { unaryCall } from "../support/call.ts";
import type { Step, StepCall, StepRequests } from "../support/honest-round.ts";
import { changed, contradictions, inRound, misdeeds } from "../support/misdeeds.ts";
import { patienceMs } from "../support/patience.ts";
import { RawFederation } from "../support/raw-federation.ts";
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

/** Begins an upload: sends its header, then nothing until told. */
async function beginUpload(honest: StepCall) {
  const [header = { part: undefined }] = honest.request as StepRequests["submitUpdate"];
  const { raw } = federation;
  const answered = Promise.withResolvers<void>();
  const call = raw.client.submitUpdate(raw.session, (error) =>
    error === null ? answered.resolve() : answered.reject(error),
  );
  const written = Promise.withResolvers<void>();
  call.write(header, () => written.resolve());
  await written.promise;
  return { call, refusal: refusalOf(answered.promise) };
}

test("an upload that breaks off in the middle changes nothing, and the round completes with everybody", async () => {
  const { raw } = federation;
  const brokenOff = raw.before("submitUpdate", async (honest) => {
    const { call, refusal } = await beginUpload(honest);
    call.cancel();
    expect(await refusal).toMatch(/^CANCELLED /);
  });
  expect(await federation.round()).toEqual(everybody);
  await brokenOff;
});

test("an upload that hangs is refused when a newer one comes, which is taken", async () => {
  const { raw, otherRaw } = federation;
  const done = Promise.withResolvers<void>();
  const waited = otherRaw.before("submitUpdate", () => done.promise);
  let hanging: Awaited<ReturnType<typeof beginUpload>> | undefined;
  const begun = raw.before("submitUpdate", async (honest) => {
    hanging = await beginUpload(honest);
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
