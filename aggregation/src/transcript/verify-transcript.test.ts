import { expect, test } from "vitest";
import type { MaskingErrorCode } from "../masking/error.ts";
import { strictGuard } from "../masking/guard.ts";
import type { CommittedUpload } from "../masking/messages.ts";
import { AdvertisingStage } from "../masking/participant-advertising.ts";
import { decodeSum } from "../masking/quantiser.ts";
import { permissiveGuard } from "../masking/testing/permissive-guard.ts";
import {
  advertise,
  confirm,
  itemAt,
  makeConfig,
  makeIdentities,
  makeVector,
  reveal,
  SCHEME,
  secretsOf,
  share,
  upload,
} from "../masking/testing/round.ts";
import { writeCounts } from "../masking/update-vector.ts";
import type { MaskedTranscript } from "./transcript.ts";
import { verifyTranscript } from "./verify-transcript.ts";

const IDENTITIES = makeIdentities(5);
const IDS = IDENTITIES.map(({ participantId }) => participantId);
const CONFIG = makeConfig(IDENTITIES);
const COUNTS = {
  trainingExamples: 100,
  evaluationExamples: 10,
  evaluationCorrect: 7,
  evaluationLossMillis: 900,
};
const READER = { verifier: SCHEME };

/** A round that loses one participant after sharing and, where it uploaded, another after its upload. */
function honest(config = CONFIG, uploading = IDS.slice(1), guard = strictGuard) {
  const shared = share(advertise(config, IDENTITIES, guard));
  const vectorOf = (id: string) => {
    const vector = makeVector(config, id);
    writeCounts(vector.subarray(config.dimension, config.dimension + 8), COUNTS);
    return vector;
  };
  const confirmation = confirm(upload(shared, vectorOf, uploading), IDS.slice(2));
  const unmasking = reveal(confirmation);
  return { unmasking, transcript: unmasking.transcriptOf(unmasking.close()) };
}

const { transcript } = honest();
const survivors = transcript.survivors;
const first = itemAt(survivors, 0);

function refusal(code: MaskingErrorCode) {
  return expect.objectContaining({ name: "MaskingError", code });
}

function expectRefused(code: MaskingErrorCode, changes: Partial<MaskedTranscript>): void {
  expect(() => verifyTranscript({ ...transcript, ...changes }, READER)).toThrow(refusal(code));
}

/** The transcript's uploads with the first one changed. */
function altering(changes: Partial<CommittedUpload>): readonly CommittedUpload[] {
  return [{ ...first, ...changes }, ...survivors.slice(1)];
}

function flipped(bytes: Uint8Array): Uint8Array {
  return bytes.with(0, (bytes[0] ?? 0) ^ 1);
}

test("an honest round's transcript gives its sum and its updates root, in whatever order it is written", () => {
  const { unmasking } = honest();
  const verified = verifyTranscript(transcript, READER);
  expect(verified).toMatchObject(decodeSum(transcript.sum, survivors.length, CONFIG));
  expect(verified.counts.trainingExamples).toBe(survivors.length * COUNTS.trainingExamples);
  const turned = {
    ...transcript,
    keyBook: transcript.keyBook.toReversed(),
    survivors: survivors.toReversed(),
    acks: unmasking.acks.toReversed(),
  };
  expect(verifyTranscript(turned, READER)).toEqual(verified);
});

test("who signed the survivors finds its own signature's set, and no other's", () => {
  for (const ownAck of transcript.acks)
    expect(() => verifyTranscript(transcript, { ...READER, ownAck })).not.toThrow();
  const other = honest({ ...CONFIG, roundId: "99".repeat(32) }).transcript;
  const ownAck = itemAt(other.acks, 0);
  expect(() => verifyTranscript(transcript, { ...READER, ownAck })).toThrow(
    refusal("own-message-altered"),
  );
});

test("a wrong word of the sum or of its randomness does not open", () => {
  const off = (words: Uint32Array, place: number) => words.with(place, (words[place] ?? 0) + 1);
  expectRefused("unopened-sum", { sum: off(transcript.sum, 2) });
  expectRefused("unopened-sum", { randomness: off(transcript.randomness, 6_143) });
});

test("a sum or randomness of another length is refused", () => {
  expectRefused("wrong-dimension", { sum: transcript.sum.subarray(1) });
  expectRefused("wrong-dimension", { sum: new Uint32Array() });
  expectRefused("wrong-dimension", { randomness: transcript.randomness.subarray(1) });
});

test("a survivor who is left out, replaced, or there twice is found", () => {
  expectRefused("bad-signature", { survivors: survivors.slice(1), acks: transcript.acks });
  expectRefused("duplicate-id", { survivors: [...survivors, first] });
  const stranger = { ...first, upload: { ...first.upload, participantId: "0".repeat(32) } };
  expectRefused("unknown-participant", { survivors: [stranger, ...survivors.slice(1)] });
});

test("every byte of an upload is covered: its root, its commitment's hash, its signature, its commitment", () => {
  for (const field of ["uploadRoot", "commitmentHash", "signature"] as const) {
    const lie = { ...first.upload, [field]: flipped(first.upload[field]) };
    expectRefused("bad-signature", { survivors: altering({ upload: lie }) });
  }
  expectRefused("wrong-commitment", {
    survivors: altering({ commitment: flipped(first.commitment) }),
  });
});

test("fewer survivors than the plan's, or signatures than the threshold around somebody, are too few", () => {
  expectRefused("too-few", { survivors: survivors.slice(3), acks: [] });
  expectRefused("too-few", { acks: transcript.acks.slice(1) });
});

test("survivors that are a threshold, and have all signed, are too few when the plan wants more", () => {
  const config = makeConfig(IDENTITIES, { minSurvivors: 4 });
  expect(config.threshold).toBe(3);
  const guard = permissiveGuard("too-few");
  const { transcript: made } = honest(config, IDS.slice(2), guard);
  expect([made.survivors.length, made.acks.length]).toEqual([3, 3]);
  expect(() => verifyTranscript(made, READER)).toThrow(refusal("too-few"));
  // Nothing else is wrong with it.
  expect(() => verifyTranscript(made, READER, guard)).not.toThrow();
});

test("a signature over another set, of somebody who did not survive, or given twice is found", () => {
  const ack = itemAt(transcript.acks, 0);
  const others = transcript.acks.slice(1);
  expectRefused("bad-signature", {
    acks: [{ ...ack, signature: flipped(ack.signature) }, ...others],
  });
  expectRefused("unknown-participant", {
    acks: [{ ...ack, participantId: itemAt(IDS, 0) }, ...others],
  });
  expectRefused("duplicate-id", { acks: [ack, ack, ...others] });
});

test("every byte of the key book is covered, and everybody in it is there once", () => {
  const [entry, ...rest] = transcript.keyBook;
  if (entry === undefined) throw new Error("the key book is empty");
  for (const field of ["encryptionKey", "maskKey", "selfMaskCommitment", "signature"] as const) {
    const lie = { ...entry, [field]: flipped(entry[field]) };
    expectRefused("bad-signature", { keyBook: [lie, ...rest] });
  }
  expectRefused("bad-signature", {
    keyBook: [{ ...entry, graphNonce: flipped(entry.graphNonce) }, ...rest],
  });
  expectRefused("duplicate-id", { keyBook: [entry, ...transcript.keyBook] });
  expectRefused("too-few", { keyBook: rest.slice(3) });
});

test("two who advertise the same keys are found", () => {
  const keyBook = IDENTITIES.map(
    (identity) => AdvertisingStage.begin(CONFIG, secretsOf(identity, "same")).advertisement,
  );
  expectRefused("duplicate-key", { keyBook });
});

test("a key book without one who dropped out is another exchange: no signature holds in it", () => {
  const without = transcript.keyBook.filter(({ participantId }) => participantId !== IDS[0]);
  expectRefused("bad-signature", { keyBook: without });
});

test("another configuration, or one that is not sound, is found", () => {
  expectRefused("bad-signature", { config: { ...CONFIG, round: 2 } });
  expectRefused("low-threshold", { config: { ...CONFIG, threshold: 2 } });
  expectRefused("high-threshold", { config: { ...CONFIG, threshold: 4 } });
  expectRefused("no-headroom", { config: { ...CONFIG, scaleBits: 30 } });
  expectRefused("wrong-scale", { config: { ...CONFIG, scaleBits: 0 } });
});
