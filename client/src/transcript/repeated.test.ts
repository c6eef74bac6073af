import { hexToBytes } from "@chorus/aggregation";
import { expect, test } from "vitest";
import { AuditedRound } from "../testing/audited-round.ts";
import { stepOf } from "../testing/published.ts";
import { calledAbandoned } from "../testing/scripted-coordinator.ts";
import { ended, ROUND_ID } from "../testing/tiny-round.ts";

const VERIFIED = "verified the sum of the round";
const UNEXPLAINED =
  "the run went on after a round that was signed here and not verified: what came of it is unknown";
const other = (byte: number) => new Uint8Array(32).fill(byte);

test("another attempt at a round whose end was missed waits for the transcript, and has to begin with the same model", async () => {
  await using round = await AuditedRound.lead();
  expect(await round.refuses({ roundId: other(2) })).toBe("no-transcript");
  expect(await round.refuses({ roundId: other(5), modelHash: other(9) })).toBe("wrong-model");
  round.coordinator.publish = calledAbandoned;
  // A coordinator that never raises the number of the round gets no second update on a model of its choice.
  expect(await round.refuses({ roundId: other(3), modelHash: other(9) })).toBe("wrong-model");
  await round.admits({ roundId: other(4) });
  expect(round.first.sentences()).not.toContain(VERIFIED);
});

test("another attempt at a round whose end was missed is no way around a wrong sum", async () => {
  await using round = await AuditedRound.lead();
  round.coordinator.publish = (call) => call.end();
  expect(await round.refuses({ roundId: other(2) })).toBe("no-transcript");
  const { transcript } = round;
  const sum = transcript.sum.with(3, 1 + (transcript.sum[3] ?? 0));
  round.publishTruly({ ...transcript, sum });
  expect(await round.refuses({ roundId: other(3) })).toBe("wrong-sum");
});

test("another attempt at a round that was verified has to begin with the same model", async () => {
  await using round = await AuditedRound.lead();
  round.publishTruly();
  round.tell(ended("", ROUND_ID, stepOf(round.transcript).hash));
  await round.first.says(VERIFIED);
  expect(await round.refuses({ roundId: other(3), modelHash: other(9) })).toBe("wrong-model");
  await round.admits({ roundId: other(4) });
  await round.admits({ ...round.next, roundId: other(5) });
});

test("another attempt at a round that the coordinator called abandoned has to begin with the same model", async () => {
  await using round = await AuditedRound.lead();
  round.tell(ended("too few"));
  expect(await round.refuses({ roundId: other(3), modelHash: other(9) })).toBe("wrong-model");
  await round.admits({ roundId: other(4) });
  expect(round.first.sentences()).not.toContain(UNEXPLAINED);
});

test("a run that goes on after a round that it calls abandoned is warned of, once", async () => {
  await using round = await AuditedRound.lead();
  round.tell(ended("too few"));
  await round.admits({ ...round.next, modelHash: other(9) });
  await round.admits({ ...round.next, roundId: other(3), modelHash: other(9) });
  const told = round.first.log.filter(({ msg }) => msg === UNEXPLAINED);
  expect(told.map(({ level }) => level)).toEqual([40, 20]);
});

test("a model that was told when the round ended is held against the sum, however late the transcript comes", async () => {
  await using round = await AuditedRound.lead();
  round.tell(ended("", ROUND_ID, "09".repeat(32)));
  await round.first.says("the round could not be verified yet");
  round.publishTruly();
  expect(await round.refuses({ ...round.next, modelHash: hexToBytes("09".repeat(32), 32) })).toBe(
    "wrong-sum",
  );
});

test("a transcript that never ends keeps out of its run and of no other", async () => {
  await using round = await AuditedRound.lead();
  const begun = Promise.withResolvers<void>();
  round.coordinator.publish = () => begun.resolve();
  round.tell(ended("", ROUND_ID, stepOf(round.transcript).hash));
  await begun.promise;
  await round.admits({ ...round.next, runId: other(7), roundId: other(3) });
  const again = Promise.withResolvers<void>();
  round.coordinator.publish = () => again.resolve();
  const reason = round.refuses(round.next);
  await again.promise;
  round.first.time.elapse(60_000);
  expect(await reason).toBe("no-transcript");
  const left = round.first.log.find(({ msg }) => msg === "left the round");
  expect(left).toMatchObject({ detail: expect.stringContaining("got nothing of the transcript") });
  round.publishTruly();
  await round.admits({ ...round.next, roundId: other(4) });
});

test("what another run interrupted is verified when a round of that run has ended", async () => {
  await using round = await AuditedRound.lead();
  const begun = Promise.withResolvers<void>();
  round.coordinator.publish = () => begun.resolve();
  round.tell(ended("", ROUND_ID, stepOf(round.transcript).hash));
  await begun.promise;
  const elsewhere = { runId: other(7), roundId: other(3) };
  await round.admits(elsewhere);
  expect(round.first.sentences()).not.toContain(VERIFIED);
  round.publishTruly();
  round.tell(ended("too few", "03".repeat(32)));
  await round.first.says(VERIFIED);
});
