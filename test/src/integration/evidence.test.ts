import type { StepCall, StepRequests } from "@chorus/cli/honest-answers";
import { EvidenceKind } from "@chorus/proto/v1/operator";
import { afterAll, beforeAll, expect, test } from "vitest";
import { changed, contradictions } from "../support/misdeeds.ts";
import { patienceMs } from "../support/patience.ts";
import { testPlan } from "../support/plan.ts";
import { RawFederation } from "../support/raw-federation.ts";
import { refusalOf } from "../support/refusal.ts";
import { survivorsOf } from "../support/unit-rounds.ts";

const softDeadlineMs = 30_000;
let federation: RawFederation;

beforeAll(async () => {
  federation = await RawFederation.start();
}, patienceMs);

afterAll(() => federation[Symbol.asyncDispose](), patienceMs);

/** Starts a run of one round. */
async function startRun(): Promise<Uint8Array> {
  const deadlines = { softDeadlineMs, hardDeadlineMs: 600_000 };
  const plan = testPlan({ rounds: 1, participants: 4, ...deadlines });
  return (await federation.operator.startRun(plan)).runId;
}

test("a participant that signs two things is one line of evidence with both signatures, however often it does", async () => {
  const { raw, otherRaw, operator } = federation;
  const done = Promise.withResolvers<void>();
  const waited = otherRaw.before("confirmSurvivors", () => done.promise);
  const contradicted = raw.after("confirmSurvivors", async (honest) => {
    const contradiction = changed(honest, contradictions.confirmSurvivors as never) as StepCall;
    for (let time = 0; time < 5; time++)
      expect(await refusalOf(raw.send(contradiction))).toMatch(/contradictory-message/);
    return contradiction;
  });
  const runId = await startRun();
  await contradicted.finally(done.resolve);
  await waited;
  const { evidence } = await operator.ended(runId);
  const honest = raw.sent.get("confirmSurvivors")?.request as StepRequests["confirmSurvivors"];
  expect(evidence).toEqual([
    {
      round: 1,
      attempt: 1,
      participantId: raw.identity.participantId,
      name: "raw-2",
      kind: EvidenceKind.CONTRADICTION,
      step: "confirming-survivors",
      takenDigest: expect.toSatisfy((digest: Uint8Array) => digest.length === 32),
      refusedDigest: expect.toSatisfy((digest: Uint8Array) => digest.length === 32),
      takenSignature: Buffer.from(honest.ack?.signature ?? []),
      refusedSignature: expect.toSatisfy((signature: Uint8Array) => signature.length === 64),
      refusals: 5,
      firstAtMs: expect.any(Number),
    },
  ]);
  expect(evidence[0]?.refusedDigest).not.toEqual(evidence[0]?.takenDigest);
});

test("an update that comes when the sum is closed is refused, is in no sum, and is evidence of lateness", async () => {
  const { raw, otherRaw, operator, clock } = federation;
  let late: StepCall | undefined;
  const silent = raw.before("submitUpdate", async (honest) => {
    late = honest;
    return "silent";
  });
  const refused = otherRaw.before("confirmSurvivors", async () => {
    if (late === undefined) throw new Error("nothing is late");
    expect(await refusalOf(raw.send(late))).toMatch(/^FAILED_PRECONDITION wrong-phase: /);
  });
  const runId = await startRun();
  await silent;
  await operator.event(
    runId,
    ({ $case, value }) =>
      $case === "progress" && value.phase === "collecting" && value.delivered === 3,
  );
  clock.advance(softDeadlineMs);
  await refused;
  const { evidence } = await operator.ended(runId);
  expect(survivorsOf(await operator.models(runId))).toEqual([[0, 1, 3]]);
  expect(evidence).toMatchObject([
    { name: "raw-2", kind: EvidenceKind.LATE_UPLOAD, step: "collecting", refusals: 1 },
  ]);
  expect(evidence[0]?.takenDigest).toHaveLength(0);
});

test("a run in which nobody was refused has no evidence", async () => {
  expect((await federation.operator.ended(await startRun())).evidence).toEqual([]);
});
