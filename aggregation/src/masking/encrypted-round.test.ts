import { afterEach, expect, test } from "vitest";
import { heEncodingOf } from "../he/he-encoding.ts";
import type { ParticipantCipher } from "../he/participant-cipher.ts";
import { verifyOpenedSum } from "../transcript/verify-opened-sum.ts";
import type { EncryptedRoundConfig } from "./config.ts";
import { heConfigFor, valueCountOf } from "./encryption.ts";
import type { ParticipantId } from "./messages.ts";
import type { EncryptionJob } from "./participant-encrypting.ts";
import {
  encode,
  encryptedSumOf,
  makeEncryptedConfig,
  openCipher,
  unitUpdate,
  uploadCiphertexts,
} from "./testing/encrypted-round.ts";
import {
  advertise,
  confirm,
  itemAt,
  makeIdentities,
  reveal,
  SCHEME,
  share,
} from "./testing/round.ts";

const IDENTITIES = makeIdentities(5);
const IDS = IDENTITIES.map(({ participantId }) => participantId);
const DIMENSION = 300;
const CONFIG = makeEncryptedConfig(IDENTITIES, { dimension: DIMENSION, clippingNorm: 1 });
const READER = { verifier: SCHEME };
const updateOf = (id: ParticipantId) => unitUpdate(DIMENSION, IDS.indexOf(id));

const open: ParticipantCipher[] = [];
afterEach(() => {
  for (const cipher of open.splice(0)) cipher[Symbol.dispose]();
});

async function cipherOf(job: EncryptionJob): Promise<ParticipantCipher> {
  const cipher = await openCipher(job);
  open.push(cipher);
  return cipher;
}

/** A round whose first participant is lost after sharing, and its second after its upload. */
async function unmasked(config: EncryptedRoundConfig) {
  const encoded = encode(share(advertise(config, IDENTITIES)), updateOf, IDS.slice(1));
  const jobs = [...encoded.stages.values()].map(({ job }) => job);
  const cipher = await cipherOf(itemAt(jobs, 0));
  const uploads = new Map<ParticipantId, Uint8Array>();
  const uploaded = uploadCiphertexts(encoded, (job, id) => {
    const ciphertexts = cipher.encrypt(job.values, job.masks);
    uploads.set(id, ciphertexts);
    return ciphertexts;
  });
  return { unmasking: reveal(confirm(uploaded, IDS.slice(2))), uploads, cipher, jobs };
}

test.each([
  [8, 0.06],
  [15, 0.0005],
  [16, 0.0003],
] as const)(
  "of %i bits: the survivors' mean is what they open, and nobody else's update is in it",
  async (valueBits, tolerance) => {
    const config = { ...CONFIG, he: heConfigFor(valueBits, 5, "") };
    const { unmasking, uploads, cipher } = await unmasked(config);
    const encryptedSum = await encryptedSumOf(config, uploads.values(), unmasking.closeAsSeeds());
    const transcript = unmasking.encryptedTranscript(encryptedSum);
    const survivors = transcript.survivors.length;
    expect(survivors).toBe(4);
    const sums = cipher.openSum(encryptedSum, valueCountOf(config), survivors);
    const { meanDelta, counts } = verifyOpenedSum(transcript, sums, READER);
    expect(counts).toEqual({
      trainingExamples: 400,
      evaluationExamples: 280_000,
      evaluationCorrect: 1 + 2 + 3 + 4,
      evaluationLossMillis: 4 * 2 ** 31,
    });
    for (const [i, mean] of meanDelta.entries()) {
      expect(Math.abs(mean - (i >= 1 && i < 5 ? 1 / 4 : 0)), `parameter ${i}`).toBeLessThan(
        tolerance,
      );
    }
  },
);

test("updates are rotated otherwise in every attempt at a round", () => {
  const seedOf = (config: EncryptedRoundConfig) => heEncodingOf(config).rotationSeed;
  expect(seedOf({ ...CONFIG })).toEqual(seedOf(CONFIG));
  expect(seedOf({ ...CONFIG, roundId: "99".repeat(32) })).not.toEqual(seedOf(CONFIG));
});

test("everybody makes the same key, and another one in every attempt at a round", async () => {
  const jobsOf = (config: EncryptedRoundConfig) =>
    [...encode(share(advertise(config, IDENTITIES)), updateOf).stages.values()].map(
      ({ job }) => job,
    );
  const seeds = jobsOf(CONFIG).map(({ keySeed }) => Buffer.from(keySeed).toString("hex"));
  expect(new Set(seeds).size).toBe(1);
  expect(itemAt(seeds, 0)).toMatch(/^[0-9a-f]{64}$/);
  const others = jobsOf({ ...CONFIG, roundId: "99".repeat(32) });
  expect(Buffer.from(itemAt(others, 0).keySeed).toString("hex")).not.toBe(itemAt(seeds, 0));
});
