import { readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { hexToBytes, type MaskedTranscript, seededRandom, sha256Hex } from "@chorus/aggregation";
import { expect, test } from "vitest";
import { loadIdentity } from "../identity-file.ts";
import { AuditedRound } from "../testing/audited-round.ts";
import { askForKeys } from "../testing/masked-round.ts";
import { exchangeAmong } from "../testing/open-exchange.ts";
import { publish, stepOf, transcriptBytes } from "../testing/published.ts";
import { ended, invitation, ROUND_ID, RUN_ID, train } from "../testing/tiny-round.ts";

const NEXT = { roundId: new Uint8Array(32).fill(2), round: 2 };
const WRONG_SUM =
  "what the coordinator published of a round does not hold: this participant takes part in the run no more";

/** A lie: what is published, and which model is told, where everything else is honest. */
type Lie = (round: AuditedRound) => Promise<Uint8Array> | Uint8Array;

/** Publishes, tells the first participant that the round was completed, and asks it for the next one. */
function publishThenInvite(round: AuditedRound, bytes: Uint8Array, modelHash?: string): void {
  const { hash } = stepOf(round.transcript);
  round.coordinator.publish = publish(bytes);
  round.tell(ended("", ROUND_ID, modelHash ?? hash));
  round.tell(invitation({ ...NEXT, modelHash: hexToBytes(modelHash ?? hash, 32) }));
}

/** The participant leaves the next round for this reason, whatever it is asked in it, and sends no keys. */
async function expectKeptOut(round: AuditedRound, reason: string): Promise<void> {
  const { answers } = round.coordinator;
  const [accepted, keys] = [answers.heard("acceptRound"), answers.heard("advertiseKeys")];
  expect(await round.reason()).toBe(reason);
  round.tell(train(NEXT));
  expect(await round.reason()).toBe(reason);
  const asked = askForKeys(round.coordinator);
  if (asked.$case !== "advertiseKeys") throw new Error("asked for something else than keys");
  round.tell({ ...asked, value: { ...asked.value, roundId: NEXT.roundId } });
  expect(await round.reason()).toBe(reason);
  expect(answers.heard("acceptRound")).toEqual(accepted);
  expect(answers.heard("advertiseKeys")).toEqual(keys);
}

function altered(change: (transcript: MaskedTranscript) => Partial<MaskedTranscript>): Lie {
  return ({ transcript }) => transcriptBytes({ ...transcript, ...change(transcript) });
}

/** A whole transcript without the participant that looks, by everybody else, signed as it should be. */
const withoutTheVictim: Lie = async ({ participants, transcript: { config, keyBook } }) => {
  const members = participants.slice(1).map(async ({ directory }) => {
    const identity = await loadIdentity(directory, seededRandom("none is made"));
    const own = keyBook.find(({ participantId }) => participantId === identity.participantId);
    return { identity, graphNonce: own?.graphNonce ?? new Uint8Array() };
  });
  return transcriptBytes(exchangeAmong(await Promise.all(members), config));
};

test("a participant that finds the published sum and the model right takes part in the next round", async () => {
  await using round = await AuditedRound.lead();
  publishThenInvite(round, transcriptBytes(round.transcript));
  const { request } = await round.coordinator.answers.next("acceptRound");
  expect(request.roundId).toEqual(Buffer.from(NEXT.roundId));
  expect(round.first.sentences()).toContain("verified the sum of the round");
  expect(await readdir(round.first.directory)).not.toContain("evidence");
});

test.each<[string, string, Lie]>([
  ["with another model word", "unopened-sum", altered(({ sum }) => ({ sum: plusOne(sum, 3) }))],
  ["with another count", "unopened-sum", altered(({ sum }) => ({ sum: plusOne(sum, 15) }))],
  [
    "without its own upload",
    "bad-signature",
    ({ transcript, id }) => transcriptBytes(without(transcript, id)),
  ],
  [
    "of another configuration",
    "protocol",
    altered(({ config }) => ({ config: { ...config, maxExamples: 99 } })),
  ],
  ["of others' exchange, all of it signed and true", "own-message-altered", withoutTheVictim],
  ["that is cut off", "protocol", ({ transcript }) => transcriptBytes(transcript).subarray(0, -9)],
  ["of random bytes", "protocol", () => Buffer.from("no transcript at all")],
])(
  "a transcript %s is kept as evidence (%s), and keeps the participant out of the run for ever",
  async (_, code, lie) => {
    await using round = await AuditedRound.lead(4);
    const bytes = await lie(round);
    publishThenInvite(round, bytes);
    await expectKeptOut(round, "wrong-sum");
    const [path, record] = ["transcript", "json"].map((kind) =>
      join(round.first.directory, "evidence", `${ROUND_ID}.${kind}`),
    );
    const { mode } = await stat(path ?? "");
    expect(mode & 0o777).toBe(0o600);
    expect(await readFile(path ?? "")).toEqual(Buffer.from(bytes));
    expect(JSON.parse(await readFile(record ?? "", "utf8"))).toMatchObject({
      ...{ runId: RUN_ID, round: 1, roundId: ROUND_ID, code },
      transcriptSha256: sha256Hex(bytes),
    });
    const told = round.first.log.filter(({ level }) => level === 50);
    expect(told).toMatchObject([{ msg: WRONG_SUM, evidence: path, code }]);

    await round.restart();
    round.tell(invitation(NEXT));
    await expectKeptOut(round, "wrong-sum");
    // Control: another run goes on as ever.
    round.tell(invitation({ ...NEXT, roundId: new Uint8Array(32).fill(3), runId: NEXT.roundId }));
    await round.coordinator.answers.next("acceptRound");
  },
);

test("another model than the sum makes is evidence as a wrong sum is", async () => {
  await using round = await AuditedRound.lead();
  publishThenInvite(round, transcriptBytes(round.transcript), "09".repeat(32));
  await expectKeptOut(round, "wrong-sum");
  const told = round.first.log.find(({ msg }) => msg === WRONG_SUM);
  const { hash } = stepOf(round.transcript);
  expect(told).toMatchObject({ code: "wrong-model", message: expect.stringContaining(hash) });
});

test("a participant that cannot keep the evidence stays out of the run all the same, and says so", async () => {
  await using round = await AuditedRound.lead();
  await writeFile(join(round.first.directory, "evidence"), "no folder");
  publishThenInvite(round, new Uint8Array(9));
  await expectKeptOut(round, "wrong-sum");
  const told = round.first.log.find(({ msg }) => msg === WRONG_SUM);
  expect(told).toMatchObject({
    evidence: expect.stringMatching(/^cannot keep .*(EEXIST|ENOTDIR)/),
  });
});

function without(transcript: MaskedTranscript, id: string): MaskedTranscript {
  return {
    ...transcript,
    survivors: transcript.survivors.filter(({ upload }) => upload.participantId !== id),
    acks: transcript.acks.filter(({ participantId }) => participantId !== id),
  };
}

function plusOne(words: Uint32Array, place: number): Uint32Array {
  return words.with(place, 1 + (words[place] ?? 0));
}
