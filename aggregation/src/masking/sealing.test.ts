import { expect, test } from "vitest";
import { seededRandom } from "../random.ts";
import { AgreementKey } from "./key-agreement.ts";
import type { SealedShare } from "./messages.ts";
import { openShare, SHARE_BYTES, sealedBytes, sealingKey, sealShare } from "./sealing.ts";
import { makeConfig, makeExchange, makeIdentities } from "./testing/round.ts";

const IDENTITIES = makeIdentities(4);
const CONFIG = makeConfig(IDENTITIES);
const CONTEXT = makeExchange(CONFIG, IDENTITIES);
const [ALICE = "", BOB = "", CAROL = ""] = CONFIG.cohort.map(({ participantId }) => participantId);
const SHARE = Uint8Array.from({ length: SHARE_BYTES }, (_, i) => 3 * i);

function agreementKey(seed: string): AgreementKey {
  const bytes = new Uint8Array(32);
  seededRandom(seed).fill(bytes);
  return new AgreementKey(bytes);
}

const alice = agreementKey("alice");
const bob = agreementKey("bob");
const SEALING = sealingKey(alice.agree(BOB, bob.publicKey), CONTEXT, ALICE, BOB);
const OPENING = sealingKey(bob.agree(ALICE, alice.publicKey), CONTEXT, ALICE, BOB);

const unopenable = expect.objectContaining({ code: "unopenable-share" });

test("what one participant seals, the other opens", () => {
  const sealed = sealShare(SEALING, CONTEXT, ALICE, BOB, SHARE);
  expect(sealed.ciphertext.length).toBe(sealedBytes(CONFIG));
  expect(openShare(OPENING, CONTEXT, sealed)).toEqual(SHARE);
});

test("a share with any bit flipped does not open, and its sender is named", () => {
  const sealed = sealShare(SEALING, CONTEXT, ALICE, BOB, SHARE);
  for (let byte = 0; byte < sealedBytes(CONFIG); byte++) {
    const ciphertext = sealed.ciphertext.slice();
    ciphertext.set([(ciphertext[byte] ?? 0) ^ 1], byte);
    expect(() => openShare(OPENING, CONTEXT, { ...sealed, ciphertext })).toThrow(
      expect.objectContaining({ code: "unopenable-share", participantId: ALICE }),
    );
  }
});

test("a share opens only for its addressee, from its sender, in its round and under its key book", () => {
  const sealed = sealShare(SEALING, CONTEXT, ALICE, BOB, SHARE);
  const diverted: SealedShare[] = [
    { ...sealed, to: CAROL },
    { ...sealed, from: CAROL },
    { ...sealed, from: BOB, to: ALICE },
  ];
  for (const share of diverted)
    expect(() => openShare(OPENING, CONTEXT, share)).toThrow(unopenable);
  const next = makeExchange({ ...CONFIG, round: 2 }, IDENTITIES);
  expect(() => openShare(OPENING, next, sealed)).toThrow(unopenable);
  const otherBook = makeExchange(CONFIG, IDENTITIES.slice(0, 3));
  expect(() => openShare(OPENING, otherBook, sealed)).toThrow(unopenable);
});

test("each direction between two participants has a key of its own", () => {
  const backward = sealingKey(bob.agree(ALICE, alice.publicKey), CONTEXT, BOB, ALICE);
  expect(backward).not.toEqual(SEALING);
  expect(OPENING).toEqual(SEALING);
});
