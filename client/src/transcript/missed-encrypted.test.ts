import { readdir } from "node:fs/promises";
import type { EncryptedTranscript } from "@chorus/aggregation";
import { pino } from "pino";
import { expect, test } from "vitest";
import { ModelStore } from "../models/model-store.ts";
import { EncryptedCohort } from "../testing/encrypted-cohort.ts";
import { EncryptedRound, nextOffer } from "../testing/encrypted-round.ts";
import { transcriptBytes } from "../testing/published.ts";
import { Queue } from "../testing/queue.ts";
import { ended, invitation, ROUND_ID } from "../testing/tiny-round.ts";

async function keptIn(directory: string) {
  const { kept } = await ModelStore.open(directory, pino({ level: "silent" }));
  return kept.map(({ round, modelHash, isCommitted }) => ({ round, modelHash, isCommitted }));
}

/** Where the downloads of transcripts begin, from now on. */
function watch({ coordinator }: EncryptedCohort, offsets: { push(offset: number): unknown }): void {
  const serve = coordinator.publish;
  coordinator.publish = (call) => {
    offsets.push(call.request.offset);
    serve(call);
  };
}

test("participants that missed the end of a run's last round know of it once they are connected again", async () => {
  await using cohort = await EncryptedCohort.start();
  const { coordinator, members } = cohort;
  const round = new EncryptedRound(coordinator);
  // The first one was not asked in time.
  const asked = members.slice(1).map(({ id }) => id);
  const { modelHash } = await round.open(await round.run(), asked);
  for (const { process } of members.slice(1)) await process.says("opened the sum");
  coordinator.hangUp();
  await cohort.allSay("kept the model");
  for (const { directory } of members)
    expect(await keptIn(directory)).toEqual([{ round: 1, modelHash, isCommitted: true }]);
});

test("a connection that comes back while a sum is being opened settles nothing, and is no reason to accuse anybody", async () => {
  await using cohort = await EncryptedCohort.start();
  const { coordinator, members } = cohort;
  const round = new EncryptedRound(coordinator);
  const transcript = await round.run();
  await cohort.allSay("revealed shares");
  round.publish(transcript);
  const downloads = new Queue<number>();
  watch(cohort, downloads);
  coordinator.hangUp();
  for (const _ of members) {
    await coordinator.nextFollower();
    expect(await downloads.shift()).toBe(0);
  }
  const { modelHash } = await round.open(transcript);
  await cohort.tellAll(ended("", ROUND_ID, modelHash), "kept the model");
  for (const { directory } of members) {
    expect(await readdir(directory)).not.toContain("evidence");
    expect(await keptIn(directory)).toEqual([{ round: 1, modelHash, isCommitted: true }]);
  }
});

test("of a round whose sum was opened nothing is downloaded again but the reports", async () => {
  await using cohort = await EncryptedCohort.start();
  const round = new EncryptedRound(cohort.coordinator);
  const transcript = await round.run();
  const { modelHash } = await round.open(transcript);
  const offsets: number[] = [];
  watch(cohort, offsets);
  await cohort.tellAll(ended("", ROUND_ID, modelHash), "kept the model");
  expect(offsets).toEqual(Array(3).fill(transcriptBytes(transcript).length));
});

test("a round that is published in the end in another way than it was opened is downloaded and verified whole", async () => {
  await using cohort = await EncryptedCohort.start();
  const round = new EncryptedRound(cohort.coordinator);
  const transcript = await round.run();
  const opened = await round.open(transcript);
  const { process, id } = cohort.member(0);
  await process.says("opened the sum");
  // Two signatures are a threshold, and say the same of the round as three.
  const acks = opened.transcript.acks.filter(
    (ack, i) => ack.participantId === id || i === 1 || i === 2,
  );
  const other: EncryptedTranscript = { ...opened.transcript, acks: acks.slice(0, 2) };
  round.publish(other);
  const offsets: number[] = [];
  watch(cohort, offsets);
  cohort.tell(ended("", ROUND_ID, opened.modelHash), 0);
  await process.says("kept the model");
  expect(offsets).toEqual([transcriptBytes(transcript).length, 0]);
  cohort.tell(invitation(nextOffer(2, opened)), 0);
  const { request } = await cohort.coordinator.answers.next("acceptRound");
  expect(request.modelRequest).toBeUndefined();
});
