import { expect, test } from "vitest";
import { Opening } from "../masking/aggregator-opening.ts";
import type { MaskingErrorCode } from "../masking/error.ts";
import { type MadeModel, signModelReport } from "../masking/model-report.ts";
import { updatesRootOf } from "../masking/survivors.ts";
import { makeEncryptedConfig, playUnsealed } from "../masking/testing/encrypted-round.ts";
import { itemAt, makeIdentities } from "../masking/testing/round.ts";
import type { EncryptedTranscript } from "./transcript.ts";
import { verifyReports } from "./verify-reports.ts";

const IDENTITIES = makeIdentities(5);
const IDS = IDENTITIES.map(({ participantId }) => participantId);
const CONFIG = makeEncryptedConfig(IDENTITIES);
const MADE: MadeModel = {
  modelHash: "a1".repeat(32),
  stateHash: "",
  counts: {
    trainingExamples: 1,
    evaluationExamples: 2,
    evaluationCorrect: 1,
    evaluationLossMillis: 0,
  },
};

/** A round that four survive, three of which acknowledge, and all report the same. */
function reported(config = CONFIG): EncryptedTranscript {
  const { transcript } = playUnsealed(config, IDENTITIES, IDS.slice(1), IDS.slice(2));
  const opening = new Opening(transcript);
  for (const identity of IDENTITIES.slice(1)) {
    opening.report(signModelReport(identity, transcript, MADE));
  }
  return opening.close().transcript;
}

const transcript = reported();
const { survivors, reports, acks } = transcript;
const [report, upload] = [itemAt(reports, 0), itemAt(survivors, 0)];

function expectRefused(code: MaskingErrorCode, changes: Partial<EncryptedTranscript>): void {
  expect(() => verifyReports({ ...transcript, ...changes }, {})).toThrow(
    expect.objectContaining({ name: "MaskingError", code }),
  );
}

test("anybody sees, without the key, what the survivors made of the sum, and whose updates are in it", () => {
  const updatesRoot = updatesRootOf(survivors.map((survivor) => survivor.upload));
  const wanted = { ...MADE, updatesRoot, reports: 4 };
  expect(verifyReports(transcript, {})).toEqual(wanted);
  for (const ownAck of acks) expect(verifyReports(transcript, { ownAck })).toEqual(wanted);
});

test("who signed another set finds that the transcript is not its own's", () => {
  const ownAck = itemAt(reported({ ...CONFIG, roundId: "99".repeat(32) }).acks, 0);
  expect(() => verifyReports(transcript, { ownAck })).toThrow(
    expect.objectContaining({ code: "own-message-altered" }),
  );
});

test("too few equal reports, one given twice, or one of who did not survive is found", () => {
  expectRefused("no-agreement", { reports: reports.slice(2) });
  expectRefused("no-agreement", { reports: [] });
  expectRefused("duplicate-id", { reports: [report, ...reports] });
  const forger = signModelReport(itemAt(IDENTITIES, 0), transcript, MADE);
  expectRefused("unknown-participant", { reports: [...reports, forger] });
});

test("every byte of the sum and of a report is covered", () => {
  const encryptedSum = transcript.encryptedSum.with(99, 1);
  expectRefused("bad-signature", { encryptedSum });
  expectRefused("wrong-dimension", { encryptedSum: encryptedSum.subarray(1) });
  for (const change of [
    { modelHash: "c3".repeat(32) },
    { stateHash: "c3".repeat(32) },
    { stateHash: "0".repeat(64) },
    { counts: { ...MADE.counts, evaluationCorrect: 0 } },
    { signature: new Uint8Array(64) },
  ]) {
    expectRefused("bad-signature", { reports: [{ ...report, ...change }, ...reports.slice(1)] });
  }
});

test("whoever carries the reports cannot make a state of none in all of them", () => {
  const flipped = reports.map((one) => ({ ...one, stateHash: "0".repeat(64) }));
  expectRefused("bad-signature", { reports: flipped });
});

test("a survivor, a commitment, an acknowledgement or a key that was changed is found", () => {
  expectRefused("bad-signature", { survivors: survivors.slice(1) });
  const commitment = upload.commitment.with(0, 1 ^ (upload.commitment[0] ?? 0));
  expectRefused("wrong-commitment", {
    survivors: [{ ...upload, commitment }, ...survivors.slice(1)],
  });
  expectRefused("too-few", { acks: acks.slice(1) });
  const [entry, ...others] = transcript.keyBook;
  if (entry?.keyCommitment === undefined) throw new Error("no commitment to a contribution");
  const keyCommitment = entry.keyCommitment.with(0, 1 ^ (entry.keyCommitment[0] ?? 0));
  expectRefused("bad-signature", { keyBook: [{ ...entry, keyCommitment }, ...others] });
  const { keyCommitment: _, ...without } = entry;
  expectRefused("wrong-length", { keyBook: [without, ...others] });
});
