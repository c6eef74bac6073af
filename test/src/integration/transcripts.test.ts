import {
  openCommitmentScheme,
  type SurvivorAck,
  sha256,
  verifyTranscript,
} from "@chorus/aggregation";
import type { StepRequests } from "@chorus/cli/honest-answers";
import { ParticipantServiceService } from "@chorus/proto/v1/participant";
import { afterAll, beforeAll, expect, test } from "vitest";
import { serverStreamCall } from "../support/call.ts";
import { testPlan } from "../support/plan.ts";
import { RawFederation } from "../support/raw-federation.ts";
import { refusalOf } from "../support/refusal.ts";
import { readMaskedTranscript } from "../support/transcripts.ts";

let federation: RawFederation;
beforeAll(async () => {
  federation = await RawFederation.start();
});
afterAll(() => federation[Symbol.asyncDispose]());

/** What a raw participant sent at a step of the last round. */
function sent<Step extends keyof StepRequests>(step: Step): StepRequests[Step] {
  const call = federation.raw.sent.get(step);
  if (call?.step !== step) throw new Error(`nothing was sent at ${step}`);
  return call.request as StepRequests[Step];
}

async function downloaded(roundId: Uint8Array, offset = 0): Promise<Buffer> {
  const { client, session } = federation.raw;
  const { downloadTranscript } = ParticipantServiceService;
  const parts = await serverStreamCall(client, downloadTranscript, { roundId, offset }, session);
  return Buffer.concat(parts.map(({ chunk }) => chunk?.data ?? new Uint8Array()));
}

test("what is published of a completed round proves its sum to a survivor, and is what operators are told", async () => {
  expect(await federation.round()).toEqual([0, 1, 2, 3]);
  const bytes = await downloaded(sent("acceptRound").roundId);
  const transcript = readMaskedTranscript(bytes);
  const ownAck = sent("confirmSurvivors").ack as SurvivorAck;
  const reader = { verifier: openCommitmentScheme(), ownAck };
  const { counts, updatesRoot } = verifyTranscript(transcript, reader);
  expect(counts).toMatchObject({ trainingExamples: 4, evaluationExamples: 4 });
  const [run] = await federation.operator.listRuns();
  const { rounds } = await federation.operator.getRun(run?.runId ?? new Uint8Array());
  expect(rounds).toHaveLength(1);
  expect(Buffer.from(rounds[0]?.updatesRoot ?? []).toString("hex")).toBe(updatesRoot);
  const hash = rounds[0]?.transcriptHash ?? new Uint8Array();
  expect(hash).toEqual(Buffer.from(sha256(bytes)));
  expect(await federation.operator.fetchModel(hash)).toEqual(bytes);
});

test("a download goes on in the middle; a round that was never completed, and what lies beyond the end, are NOT_FOUND", async () => {
  await federation.round();
  const { roundId } = sent("acceptRound");
  const bytes = await downloaded(roundId);
  expect(await downloaded(roundId, 1_000)).toEqual(bytes.subarray(1_000));
  expect(await downloaded(roundId, bytes.length)).toHaveLength(0);
  const beyond = downloaded(roundId, bytes.length + 1);
  expect(await refusalOf(beyond)).toMatch(/^NOT_FOUND unknown-transcript: /);
  const never = downloaded(new Uint8Array(32));
  expect(await refusalOf(never)).toMatch(/^NOT_FOUND unknown-transcript: /);
  expect(await refusalOf(downloaded(roundId.subarray(1)))).toMatch(/^INVALID_ARGUMENT /);
});

test("an attempt that goes on has nothing published yet, and one that was abandoned never will", async () => {
  const { operator, raw } = federation;
  const refusals: string[] = [];
  const reached = raw.before("confirmSurvivors", async () => {
    refusals.push(await refusalOf(downloaded(sent("acceptRound").roundId)));
    return "silent";
  });
  const { runId } = await operator.startRun(testPlan({ rounds: 1, participants: 4 }));
  await reached;
  await operator.stopRun(runId);
  refusals.push(await refusalOf(downloaded(sent("acceptRound").roundId)));
  expect(refusals).toEqual([
    expect.stringMatching(/^NOT_FOUND unknown-transcript: /),
    expect.stringMatching(/^FAILED_PRECONDITION abandoned-round: /),
  ]);
});
