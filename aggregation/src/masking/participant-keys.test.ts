import { expect, test } from "vitest";
import { createIdentity } from "../identity.ts";
import { signAdvertisement } from "./advertisement.ts";
import type { MaskingErrorCode } from "./error.ts";
import type { KeyAdvertisement, ParticipantId, SealedShare } from "./messages.ts";
import { AdvertisingStage } from "./participant-advertising.ts";
import { RoundContext } from "./round-context.ts";
import {
  advertise,
  itemAt,
  makeConfig,
  makeIdentities,
  nonceOf,
  secretsOf,
  share,
  stageOf,
} from "./testing/round.ts";

// Five participants, threshold three; the server lies to the first.
const IDENTITIES = makeIdentities(5);
const CONFIG = makeConfig(IDENTITIES);
const CONTEXT = new RoundContext(CONFIG);
const VICTIM = itemAt(IDENTITIES, 0);
const PEER = itemAt(IDENTITIES, 1);
const SELF = VICTIM.participantId;
const OTHER = PEER.participantId;

const withCode = (code: MaskingErrorCode) => expect.objectContaining({ code });

function honestBook(step = advertise(CONFIG, IDENTITIES)) {
  return { stage: stageOf(step, SELF), book: step.server.close().keyBook };
}

function replaced(
  book: readonly KeyAdvertisement[],
  id: ParticipantId,
  change: (entry: KeyAdvertisement) => KeyAdvertisement,
): KeyAdvertisement[] {
  return book.map((entry) => (entry.participantId === id ? change(entry) : entry));
}

test("a participant that is not in the cohort under its key begins no round", () => {
  const stranger = createIdentity(new Uint8Array(32).fill(1));
  expect(() => AdvertisingStage.begin(CONFIG, secretsOf(stranger))).toThrow(
    withCode("not-in-cohort"),
  );
});

test("a participant whose commitment to its nonce is not in the configuration as it sent it opens no nonce", () => {
  const graphNonce = nonceOf(PEER);
  expect(() => AdvertisingStage.begin(CONFIG, { ...secretsOf(VICTIM), graphNonce })).toThrow(
    withCode("wrong-nonce-commitment"),
  );
});

test("a configuration that is not sound begins no round", () => {
  expect(() => advertise({ ...CONFIG, threshold: 2 }, IDENTITIES)).toThrow(
    withCode("low-threshold"),
  );
});

test("the honest key book is opened, into one sealed share for each other participant", () => {
  const { stage, book } = honestBook();
  const addressees = stage.openKeyBook(book).sealedShares.map(({ from, to }) => [from, to]);
  const others = book.map(({ participantId }) => participantId).filter((id) => id !== SELF);
  expect(addressees).toEqual(others.map((to) => [SELF, to]));
});

test("a key book that was tampered with is refused, and the honest one is still accepted", () => {
  const { stage, book } = honestBook();
  const other = itemAt(book, IDENTITIES.indexOf(PEER));
  const stranger = { ...other, participantId: "0".repeat(32) };
  const zeroKey = (entry: KeyAdvertisement): KeyAdvertisement =>
    signAdvertisement(PEER, CONTEXT, { ...entry, encryptionKey: new Uint8Array(32) });
  const stolenKey = (entry: KeyAdvertisement): KeyAdvertisement =>
    signAdvertisement(PEER, CONTEXT, { ...entry, maskKey: stage.advertisement.maskKey });
  const oneKey = (entry: KeyAdvertisement): KeyAdvertisement =>
    signAdvertisement(PEER, CONTEXT, { ...entry, maskKey: entry.encryptionKey });
  const swapped = (entry: KeyAdvertisement): KeyAdvertisement => ({
    ...entry,
    encryptionKey: entry.maskKey,
    maskKey: entry.encryptionKey,
  });
  const otherNonce = (entry: KeyAdvertisement): KeyAdvertisement =>
    signAdvertisement(PEER, CONTEXT, { ...entry, graphNonce: nonceOf(VICTIM) });
  const unsignedNonce = (entry: KeyAdvertisement): KeyAdvertisement => ({
    ...entry,
    graphNonce: nonceOf(VICTIM),
  });
  const short = (entry: KeyAdvertisement): KeyAdvertisement => ({
    ...entry,
    maskKey: entry.maskKey.subarray(1),
  });
  const unsigned = (entry: KeyAdvertisement): KeyAdvertisement => ({
    ...entry,
    signature: new Uint8Array(64),
  });
  const cases: [readonly KeyAdvertisement[], MaskingErrorCode][] = [
    [book.slice(0, 2), "too-few"],
    [book.filter(({ participantId }) => participantId !== SELF), "own-message-missing"],
    [[...book, other], "duplicate-id"],
    [[...book, stranger], "unknown-participant"],
    [replaced(book, OTHER, unsigned), "bad-signature"],
    [replaced(book, OTHER, swapped), "bad-signature"],
    [replaced(book, OTHER, otherNonce), "wrong-opening"],
    [replaced(book, OTHER, unsignedNonce), "bad-signature"],
    [replaced(book, OTHER, short), "wrong-length"],
    [replaced(book, OTHER, stolenKey), "duplicate-key"],
    [replaced(book, OTHER, oneKey), "duplicate-key"],
    [replaced(book, OTHER, zeroKey), "bad-key"],
  ];
  for (const [lie, code] of cases) expect(() => stage.openKeyBook(lie)).toThrow(withCode(code));
  expect(() => stage.openKeyBook(book)).not.toThrow();
});

test("a key book with other keys of this participant is refused even when they are signed by it", () => {
  const { stage, book } = honestBook();
  const second = AdvertisingStage.begin(CONFIG, secretsOf(VICTIM, "second start"));
  const lie = replaced(book, SELF, () => second.advertisement);
  expect(() => stage.openKeyBook(lie)).toThrow(withCode("own-message-altered"));
});

test("a key book is opened once", () => {
  const { stage, book } = honestBook();
  stage.openKeyBook(book);
  expect(() => stage.openKeyBook(book)).toThrow(withCode("stage-used"));
});

function honestShares() {
  const step = share(advertise(CONFIG, IDENTITIES));
  const collection = step.server.close();
  const sealed = collection.sealedSharesFor(SELF);
  return { stage: stageOf(step, SELF), collection, sharers: collection.sharers, sealed };
}

test("sealed shares that are missing, doubled, altered or another's are refused, and the honest ones still accepted", () => {
  const { stage, collection, sharers, sealed } = honestShares();
  const [first, second] = [itemAt(sealed, 0), itemAt(sealed, 1)];
  const rest = sealed.slice(2);
  const forOther = itemAt(
    collection.sealedSharesFor(OTHER).filter(({ from }) => from === second.from),
    0,
  );
  const flipped: SealedShare = { ...first, ciphertext: first.ciphertext.map((byte) => byte ^ 1) };
  const short: SealedShare = { ...first, ciphertext: first.ciphertext.subarray(1) };
  const cases: [readonly SealedShare[], MaskingErrorCode][] = [
    [[second, ...rest], "wrong-shares"],
    [[first, ...sealed], "wrong-shares"],
    [[first, first, ...rest], "wrong-shares"],
    [[first, forOther, ...rest], "wrong-shares"],
    [[first, { ...forOther, to: SELF }, ...rest], "unopenable-share"],
    [[flipped, second, ...rest], "unopenable-share"],
    [
      [{ ...first, from: second.from }, { ...second, from: first.from }, ...rest],
      "unopenable-share",
    ],
    [[short, second, ...rest], "wrong-length"],
  ];
  for (const [lie, code] of cases) {
    expect(() => stage.openShares(sharers, lie)).toThrow(withCode(code));
  }
  expect(() => stage.openShares(sharers, sealed)).not.toThrow();
  expect(() => stage.openShares(sharers, sealed)).toThrow(withCode("stage-used"));
});

test("sharers that lack this participant, are too few, doubled or not in the key book are refused", () => {
  const { stage, sharers, sealed } = honestShares();
  const from = (ids: readonly ParticipantId[]) =>
    sealed.filter((entry) => ids.includes(entry.from));
  const cases: [readonly ParticipantId[], MaskingErrorCode][] = [
    [sharers.filter((id) => id !== SELF), "own-message-missing"],
    [[SELF, OTHER], "too-few"],
    [[...sharers, OTHER], "duplicate-id"],
    [[...sharers, "0".repeat(32)], "unknown-participant"],
  ];
  for (const [lie, code] of cases) {
    expect(() => stage.openShares(lie, from(lie))).toThrow(withCode(code));
  }
});
