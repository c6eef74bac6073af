import { afterAll, beforeAll, expect, test } from "vitest";
import { ChunkAdder } from "../he/chunk-cipher.ts";
import { packSum, SUM_BYTES, unpackSum } from "../he/ciphertext-form.ts";
import { encodedLength, heEncodingOf } from "../he/he-encoding.ts";
import type { HeErrorCode } from "../he/he-error.ts";
import { CHUNK_WORDS } from "../he/lanes.ts";
import type { ParticipantCipher } from "../he/participant-cipher.ts";
import { Seal } from "../he/seal.ts";
import type { EncryptedTranscript } from "../transcript/transcript.ts";
import { verifyOpenedSum } from "../transcript/verify-opened-sum.ts";
import type { Unmasking } from "./aggregator-unmasking.ts";
import { heParametersOf, valueCountOf } from "./encryption.ts";
import type { MaskingErrorCode } from "./error.ts";
import type { MaskSeeds } from "./mask-set.ts";
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

// The coordinator publishes another sum than that of its survivors' ciphertexts. It knows no key: it adds and subtracts.
const IDENTITIES = makeIdentities(3);
const IDS = IDENTITIES.map(({ participantId }) => participantId);
const CONFIG = makeEncryptedConfig(IDENTITIES, { dimension: 40 });

let unmasking: Unmasking;
let masks: MaskSeeds;
let cipher: ParticipantCipher;
let uploads: readonly Uint8Array[];
let honest: Uint8Array;
beforeAll(async () => {
  const encoded = encode(share(advertise(CONFIG, IDENTITIES)), (id) =>
    unitUpdate(40, IDS.indexOf(id)),
  );
  cipher = await openCipher(itemAt([...encoded.stages.values()], 0).job);
  const sent: Uint8Array[] = [];
  const uploaded = uploadCiphertexts(encoded, ({ values, masks: own }) => {
    sent.push(cipher.encrypt(values, own));
    return itemAt(sent, sent.length - 1);
  });
  uploads = sent;
  unmasking = reveal(confirm(uploaded));
  masks = unmasking.closeAsSeeds();
  honest = await encryptedSumOf(CONFIG, uploads, masks);
});
afterAll(() => cipher[Symbol.dispose]());

/** The code with which a survivor refuses what is published as the sum. */
function refusalOf(encryptedSum: Uint8Array): MaskingErrorCode | HeErrorCode | undefined {
  try {
    const transcript: EncryptedTranscript = unmasking.encryptedTranscript(encryptedSum);
    const sums = cipher.openSum(encryptedSum, valueCountOf(CONFIG), IDS.length);
    verifyOpenedSum(transcript, sums, { verifier: SCHEME });
  } catch (error) {
    return (error as { readonly code: MaskingErrorCode | HeErrorCode }).code;
  }
  return undefined;
}

test("the honest sum is accepted", () => {
  expect(refusalOf(honest)).toBeUndefined();
});

test("a ciphertext too many or too few, or another round's masks taken off, is found by the sentinel", async () => {
  const first = itemAt(uploads, 0);
  const wrong = [[...uploads, first], uploads.slice(1), [first, first, ...uploads.slice(2)]];
  for (const sent of wrong) {
    expect(refusalOf(await encryptedSumOf(CONFIG, sent, masks))).toBe("wrong-sum");
  }
  const others = { added: masks.added.map((byte) => byte ^ 1), subtracted: masks.subtracted };
  expect(refusalOf(await encryptedSumOf(CONFIG, uploads, others))).toBe("wrong-sum");
});

/** The honest sum with a number added to one value's sum: to a coefficient, without a key. */
async function shifted(chunk: number, coefficient: number, by: number): Promise<Uint8Array> {
  using seal = await Seal.open();
  using adder = new ChunkAdder(seal, heParametersOf(CONFIG));
  const place = honest.subarray(chunk * SUM_BYTES, (chunk + 1) * SUM_BYTES);
  const [words, subtracted] = [unpackSum(place), new Uint32Array(CHUNK_WORDS)];
  const { plainBits } = heParametersOf(CONFIG);
  // Minus `by`, modulo 2^plainBits.
  subtracted.set([2 ** 32 - by, 2 ** (plainBits - 32) - 1], 2 * coefficient);
  adder.takeOff(words, subtracted);
  const changed = honest.slice();
  changed.set(packSum(words), chunk * SUM_BYTES);
  return changed;
}

// Malleable, and neither key nor sentinel tell: the parameter 7 of the model, a count, and a word of the randomness.
test("a sum in which the coordinator moved one value is opened, and does not open the commitments", async () => {
  const counts = encodedLength(heEncodingOf(CONFIG)) - 1;
  for (const [chunk, value] of [
    [0, 7],
    [0, counts],
    [1, 100],
  ] as const) {
    const moved = await shifted(chunk, 1 + value, 3);
    const sums = cipher.openSum(moved, valueCountOf(CONFIG), IDS.length);
    const before = cipher.openSum(honest, valueCountOf(CONFIG), IDS.length);
    expect(sums.filter((sum, i) => sum !== before[i])).toHaveLength(1);
    expect(refusalOf(moved)).toBe("unopened-sum");
  }
});
