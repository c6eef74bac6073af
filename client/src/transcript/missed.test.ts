import { canonicalPlan, hexToBytes, type Plan, planHash } from "@chorus/aggregation";
import type { Invitation } from "@chorus/proto/v1/participant";
import { status } from "@grpc/grpc-js";
import { expect, test } from "vitest";
import { AuditedRound } from "../testing/audited-round.ts";
import { MaskedRound } from "../testing/masked-round.ts";
import { publish, stepOf, transcriptBytes } from "../testing/published.ts";
import { calledAbandoned, type Publishing, withheld } from "../testing/scripted-coordinator.ts";
import {
  ended,
  invitation,
  MODEL_HASH,
  PLAN,
  piecesOf,
  ROUND_ID,
  serve,
} from "../testing/tiny-round.ts";

const VERIFIED = "verified the sum of the round";
const UNKNOWN = "the model of the round was not verified: what it began with is unknown";
const other = (byte: number) => new Uint8Array(32).fill(byte);

/** The round after the first, from the model that the first has made. */
function nextOf({ transcript }: AuditedRound): Partial<Invitation> {
  const modelHash = hexToBytes(stepOf(transcript).hash, 32);
  return { roundId: other(2), round: 2, modelHash };
}

async function expectAdmitted({ coordinator }: AuditedRound, roundId = other(2)): Promise<void> {
  const { request } = await coordinator.answers.next("acceptRound");
  expect(request.roundId).toEqual(Buffer.from(roundId));
}

function publishTruly({ coordinator, transcript }: AuditedRound): void {
  coordinator.publish = publish(transcriptBytes(transcript));
}

const refuseWith = (code: status, details: string) => (call: Publishing) =>
  call.emit("error", { code, details });

/** Publishes something else than pieces of a file. */
const pieces =
  (change: (piece: ReturnType<typeof piecesOf>[number]) => object) => (call: Publishing) => {
    for (const piece of piecesOf(new Uint8Array(100), call.request.offset, 50))
      call.write({ ...piece, ...change(piece) });
    call.end();
  };

test.each<[string, (call: Publishing) => void, string]>([
  ["withheld", withheld, "NOT_FOUND: unknown-transcript: no such round"],
  [
    "of a terabyte",
    pieces(() => ({ totalBytes: 2 ** 40 })),
    "got a transcript of 1099511627776 bytes",
  ],
  [
    "of another length in mid-way",
    pieces(({ chunk }) => ({ totalBytes: 100 + chunk.offset })),
    "got a transcript of 150 bytes, wanted 100 as it began",
  ],
  [
    "with a wrong checksum",
    pieces(({ chunk }) => ({ chunk: { ...chunk, sha256: other(0) } })),
    "got other bytes at 0",
  ],
  ["that ends before it began", (call) => call.end(), "got the end of the transcript at byte 0"],
  ["called abandoned, after it was completed", calledAbandoned, "abandoned-round: too few"],
])(
  "a transcript %s keeps the participant out of every further round until it has it",
  async (_, serving, detail) => {
    await using round = await AuditedRound.lead();
    const next = nextOf(round);
    round.coordinator.publish = serving;
    round.tell(ended("", ROUND_ID, stepOf(round.transcript).hash));
    await round.first.says("the round could not be verified yet");
    // Neither another attempt at the round nor a later word that it was abandoned is a way out.
    round.tell(ended("too few"));
    for (const attempt of [
      { roundId: other(2) },
      { roundId: other(3) },
      { roundId: other(4), round: 1, modelHash: hexToBytes(MODEL_HASH, 32) },
    ]) {
      round.tell(invitation({ ...next, ...attempt }));
      expect(await round.reason()).toBe("no-transcript");
    }
    const left = round.first.log.filter(({ msg }) => msg === "left the round");
    expect(left[0]).toMatchObject({ detail: expect.stringContaining(detail) });
    publishTruly(round);
    round.tell(invitation({ ...next, roundId: other(5) }));
    await expectAdmitted(round, other(5));
    expect(round.first.sentences()).toContain(VERIFIED);
  },
);

test("a participant that missed the end of a round verifies it before the next one", async () => {
  await using round = await AuditedRound.lead();
  publishTruly(round);
  round.tell(invitation(nextOf(round)));
  await expectAdmitted(round);
  expect(round.first.sentences()).toContain(VERIFIED);
});

test("a participant that missed the end of a round takes the model that the next one begins with for the one it made", async () => {
  await using round = await AuditedRound.lead();
  publishTruly(round);
  round.tell(invitation({ ...nextOf(round), modelHash: other(9) }));
  expect(await round.reason()).toBe("wrong-sum");
});

test("a participant that was not in the next round verifies the last one that it signed before the one after", async () => {
  await using round = await AuditedRound.lead();
  round.tell(invitation({ ...nextOf(round), round: 3, modelHash: other(9) }));
  expect(await round.reason()).toBe("no-transcript");
  publishTruly(round);
  round.tell(invitation({ roundId: other(3), round: 3, modelHash: other(9) }));
  await expectAdmitted(round, other(3));
});

test("a round that does not begin with the model that the one before it made is left", async () => {
  await using round = await AuditedRound.lead();
  publishTruly(round);
  round.tell(ended("", ROUND_ID, stepOf(round.transcript).hash));
  round.tell(invitation({ ...nextOf(round), modelHash: other(9) }));
  expect(await round.reason()).toBe("wrong-model");
  round.tell(invitation({ ...nextOf(round), roundId: other(3) }));
  await expectAdmitted(round, other(3));
});

test("an attempt that was abandoned need not be verified", async () => {
  await using round = await AuditedRound.lead();
  round.tell(ended("too few"));
  round.tell(invitation({ ...nextOf(round), modelHash: other(9) }));
  await expectAdmitted(round);
  expect(round.first.sentences()).not.toContain(VERIFIED);
});

test("an attempt whose end was missed need not be verified when the coordinator calls it abandoned", async () => {
  await using round = await AuditedRound.lead();
  // Control: this coordinator refuses for other reasons too.
  round.coordinator.publish = refuseWith(status.FAILED_PRECONDITION, "not-running: no such run");
  round.tell(invitation({ ...nextOf(round), roundId: other(3) }));
  expect(await round.reason()).toBe("no-transcript");
  round.coordinator.publish = calledAbandoned;
  round.tell(invitation(nextOf(round)));
  await expectAdmitted(round);
  expect(round.first.sentences()).not.toContain(VERIFIED);
});

test("another run goes on while a round of this one is not verified", async () => {
  await using round = await AuditedRound.lead();
  round.tell(invitation({ ...nextOf(round), runId: other(7) }));
  await expectAdmitted(round);
  round.tell(invitation({ ...nextOf(round), roundId: other(3) }));
  expect(await round.reason()).toBe("no-transcript");
});

test("a download that an outage interrupts goes on where it was", async () => {
  await using round = await AuditedRound.lead();
  const bytes = transcriptBytes(round.transcript);
  const offsets: number[] = [];
  round.coordinator.publish = (call) => {
    offsets.push(call.request.offset);
    const parts = piecesOf(bytes, call.request.offset, 10_000);
    const isLast = offsets.length === 3;
    for (const part of isLast ? parts : parts.slice(0, 2)) call.write(part);
    if (isLast) call.end();
    else
      setImmediate(() => call.emit("error", { code: status.UNAVAILABLE, details: "restarting" }));
  };
  round.tell(ended("", ROUND_ID, stepOf(round.transcript).hash));
  await round.first.says(VERIFIED);
  expect(offsets).toEqual([0, 20_000, 40_000]);
});

test("a participant that is stopped while it downloads stops", async () => {
  await using round = await AuditedRound.lead();
  const begun = Promise.withResolvers<void>();
  const cancelled = Promise.withResolvers<void>();
  round.coordinator.publish = (call) => {
    begun.resolve();
    call.on("cancelled", cancelled.resolve);
  };
  round.tell(ended("", ROUND_ID, stepOf(round.transcript).hash));
  await begun.promise;
  round.first.stop();
  await Promise.all([round.first.stopped, cancelled.promise]);
  expect(round.first.sentences(40)).toEqual([]);
});

const MOMENTUM: Plan = { ...PLAN, strategy: { kind: "fedavgm", learningRate: 1, momentum: 0.5 } };
const momentum = { plan: canonicalPlan(MOMENTUM), planHash: hexToBytes(planHash(MOMENTUM), 32) };

test("a strategy's state is carried from one verified round to the next, and a step without it is found out", async () => {
  await using round = await AuditedRound.lead(3, momentum);
  const first = stepOf(round.transcript, undefined, MOMENTUM.strategy);
  publishTruly(round);
  round.coordinator.download = serve(first.bytes);
  const next = { ...momentum, roundId: other(2), round: 2, modelHash: hexToBytes(first.hash, 32) };
  const transcript = await new MaskedRound(round.coordinator).run(next);
  const second = stepOf(transcript, first, MOMENTUM.strategy);
  const stateless = stepOf(transcript, { ...first, state: undefined }, MOMENTUM.strategy);
  round.coordinator.publish = publish(transcriptBytes(transcript));
  const third = { ...momentum, roundId: other(3), round: 3 };
  const [id, otherId] = transcript.config.cohort.map(({ participantId }) => participantId);
  const invite = (hash: string, to?: string) =>
    round.coordinator.tell(invitation({ ...third, modelHash: hexToBytes(hash, 32) }), to);
  invite(second.hash, id);
  await expectAdmitted(round, other(3));
  invite(stateless.hash, otherId);
  expect(await round.reason()).toBe("wrong-sum");
});

test("a participant that does not know a strategy's state verifies the sum and says that it cannot verify the model", async () => {
  await using round = await AuditedRound.lead(3, { ...momentum, round: 2 });
  publishTruly(round);
  round.tell(ended("", ROUND_ID, "09".repeat(32)));
  round.tell(invitation({ ...momentum, roundId: other(3), round: 3, modelHash: other(9) }));
  await expectAdmitted(round, other(3));
  expect(round.first.sentences(40)).toContain(UNKNOWN);
});

test("the models of four runs are kept: of older ones the sums are verified, all the same", async () => {
  await using round = await AuditedRound.lead();
  publishTruly(round);
  const runs = [8, 9, 10, 11].map((byte) => ({ runId: other(byte), roundId: other(byte) }));
  const transcripts = [];
  for (const run of runs) transcripts.push(await new MaskedRound(round.coordinator).run(run));
  round.tell(invitation({ ...nextOf(round), modelHash: other(9) }));
  await expectAdmitted(round);
  expect(round.first.sentences(20)).toContain(UNKNOWN);
  const [second] = transcripts;
  if (second !== undefined) round.coordinator.publish = publish(transcriptBytes(second));
  round.tell(invitation({ roundId: other(3), round: 2, runId: other(8), modelHash: other(9) }));
  expect(await round.reason()).toBe("wrong-sum");
});
