import { readdir } from "node:fs/promises";
import {
  type EncryptedTranscript,
  type ModelReport,
  seededRandom,
  signModelReport,
} from "@chorus/aggregation";
import { pino } from "pino";
import { expect, test } from "vitest";
import { CipherThreads } from "../he/cipher-threads.ts";
import { loadIdentity } from "../identity-file.ts";
import { ModelStore } from "../models/model-store.ts";
import { EncryptedCohort } from "../testing/encrypted-cohort.ts";
import {
  askToOpen,
  EncryptedRound,
  encryptedOffer,
  nextOffer,
} from "../testing/encrypted-round.ts";
import { ended, invitation, ROUND_ID } from "../testing/tiny-round.ts";

const OTHER_MODEL =
  "the others have made another model of the round than this participant: it forgets its own, and will ask for theirs";

async function keptIn(directory: string) {
  const { kept } = await ModelStore.open(directory, pino({ level: "silent" }));
  return kept.map(({ round, modelHash }) => ({ round, modelHash }));
}

async function leaveReason({ coordinator }: EncryptedCohort): Promise<string> {
  return (await coordinator.answers.next("leaveRound")).request.reason;
}

/** The transcript with one residue of its encrypted sum made smaller, as anybody can do without a key. */
function malleated(transcript: EncryptedTranscript): EncryptedTranscript {
  const { encryptedSum } = transcript;
  const place = encryptedSum.findIndex((byte) => byte !== 0);
  return { ...transcript, encryptedSum: encryptedSum.with(place, 0) };
}

test("a participant leaves an attempt whose sum or signatures do not hold, tells why, and goes on with the next attempt", async () => {
  await using cohort = await EncryptedCohort.start();
  const { coordinator, members } = cohort;
  const round = new EncryptedRound(coordinator);
  const transcript = await round.run();
  const [first, ...acks] = transcript.acks;
  if (first === undefined) throw new Error("nobody signed");
  const signature = first.signature.with(0, 1 ^ (first.signature[0] ?? 0));
  const lies: [string, EncryptedTranscript][] = [
    ["wrong-sum", malleated(transcript)],
    // What was signed is verified before anything is decrypted.
    ["bad-signature", { ...malleated(transcript), acks: [{ ...first, signature }, ...acks] }],
    ["protocol", { ...transcript, config: { ...transcript.config, maxExamples: 99 } }],
  ];
  for (const [i, [code, lie]] of lies.entries()) {
    round.publish(lie);
    cohort.tell(askToOpen(lie), i);
    expect(await leaveReason(cohort)).toBe(code);
  }
  await cohort.tellAll(ended("no quorum"), "the round was abandoned");
  for (const { directory } of members) {
    expect(await keptIn(directory)).toEqual([]);
    expect(await readdir(directory)).not.toContain("evidence");
  }
  const again = encryptedOffer({ roundId: new Uint8Array(32).fill(2) });
  const opened = await round.open(await round.run(again));
  expect(opened.transcript.reports).toHaveLength(3);
});

test("whatever is wrong with an opened sum, a participant says no more than that: what it was stays at the site", async () => {
  const ciphers = new CipherThreads(new URL("../testing/misread-sum-cipher.ts", import.meta.url));
  await using cohort = await EncryptedCohort.start({ ciphers });
  const round = new EncryptedRound(cohort.coordinator);
  const transcript = await round.run();
  for (const [i, lie] of [transcript, malleated(transcript)].entries()) {
    round.publish(lie);
    cohort.tell(askToOpen(lie), i);
    expect(await leaveReason(cohort)).toBe("wrong-sum");
  }
  const details = cohort.members.slice(0, 2).map(({ process }) => {
    const line = process.log.find(({ msg }) => msg === "left the round");
    return line?.["detail"];
  });
  expect(details).toEqual([
    expect.stringContaining("unopened-sum: "),
    expect.stringContaining("wrong-sum: chunk 0 is not the sum of 3"),
  ]);
});

test("a participant that was not asked to open a sum, or not in time, opens what is published of the completed round", async () => {
  await using cohort = await EncryptedCohort.start();
  const { members } = cohort;
  const round = new EncryptedRound(cohort.coordinator);
  const [first, second, third] = members.map(({ id }) => id) as [string, string, string];
  const opened = await round.open(await round.run(), [second, third]);
  expect(opened.transcript.reports).toHaveLength(2);
  cohort.coordinator.tell(ended("", ROUND_ID, opened.modelHash), first);
  const { process, directory } = cohort.member(0);
  await process.says("kept the model");
  expect(process.sentences()).not.toContain("opened the sum");
  expect(await keptIn(directory)).toEqual([{ round: 1, modelHash: opened.modelHash }]);
});

test.each<[string, (own: ModelReport) => Partial<ModelReport>]>([
  ["another model", () => ({ modelHash: "09".repeat(32), stateHash: "08".repeat(32) })],
  ["another state with its model", () => ({ stateHash: "08".repeat(32) })],
])(
  "a participant that finds %s with the others forgets its own and asks for theirs",
  async (_, change) => {
    await using cohort = await EncryptedCohort.start();
    const round = new EncryptedRound(cohort.coordinator);
    const transcript = await round.run();
    const [first] = cohort.members.map(({ id }) => id);
    const own = await round.openBy(first ?? "", transcript);
    const theirs = { ...own, ...change(own) };
    const others = cohort.members.slice(1).map(async ({ directory }) => {
      const identity = await loadIdentity(directory, seededRandom("none is made"));
      return signModelReport(identity, transcript, theirs);
    });
    round.publish({ ...transcript, reports: await Promise.all(others) });
    const { process, directory } = cohort.member(0);
    await process.says("opened the sum");
    expect(await keptIn(directory)).toEqual([{ round: 1, modelHash: own.modelHash }]);
    cohort.tell(ended("", ROUND_ID, theirs.modelHash), 0);
    await process.says(OTHER_MODEL);
    cohort.tell(invitation(nextOffer(2, theirs)), 0);
    const { request } = await cohort.coordinator.answers.next("acceptRound");
    expect(request.modelRequest).toBeDefined();
    expect(await keptIn(directory)).toEqual([]);
  },
);

test("a model that survivors do not report is evidence, and the participant takes part in the run no more", async () => {
  await using cohort = await EncryptedCohort.start();
  const round = new EncryptedRound(cohort.coordinator);
  await round.open(await round.run());
  const { process, directory } = cohort.member(0);
  await process.says("opened the sum");
  const lie = "09".repeat(32);
  cohort.tell(ended("", ROUND_ID, lie), 0);
  cohort.tell(invitation(nextOffer(2, { modelHash: lie, stateHash: "" })), 0);
  expect(await leaveReason(cohort)).toBe("wrong-sum");
  expect(await readdir(directory)).toContain("evidence");
  expect(process.log.find(({ level }) => level === 50)).toMatchObject({ code: "wrong-model" });
});

test("a participant whose encrypting thread dies leaves the round and says so", async () => {
  const ciphers = new CipherThreads(new URL("../testing/dying-cipher.ts", import.meta.url));
  await using cohort = await EncryptedCohort.start({ ciphers });
  // One of its three uploads never comes, so that it never ends.
  void new EncryptedRound(cohort.coordinator).run();
  expect(await leaveReason(cohort)).toBe("cipher-failed");
});
