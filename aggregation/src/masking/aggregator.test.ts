import { expect, test } from "vitest";
import { COMMITMENT_BYTES } from "../commitment/commitment.ts";
import { hexOf } from "../hex.ts";
import { createIdentity } from "../identity.ts";
import { merkleRoot, uploadRoot } from "../merkle.ts";
import { addRing, bytesOfWords } from "../vector.ts";
import { signAdvertisement } from "./advertisement.ts";
import { KeyAdvertising } from "./aggregator-advertising.ts";
import type { MaskingErrorCode } from "./error.ts";
import type {
  CommittedUpload,
  KeyAdvertisement,
  ParticipantId,
  RevealedShares,
  SealedShare,
  UploadCommitment,
} from "./messages.ts";
import { RoundContext } from "./round-context.ts";
import { leafOf, signUpload } from "./survivors.ts";
import {
  advertise,
  confirm,
  itemAt,
  makeConfig,
  makeExchange,
  makeIdentities,
  makeVector,
  nonceOf,
  reveal,
  share,
  stageOf,
  upload,
} from "./testing/round.ts";
import { contentOf, vectorLength } from "./update-vector.ts";

// Five participants, threshold three; the second lies.
const IDENTITIES = makeIdentities(5);
const CONFIG = makeConfig(IDENTITIES);
const CONTEXT = new RoundContext(CONFIG);
const EXCHANGE = makeExchange(CONFIG, IDENTITIES);
const IDS = IDENTITIES.map(({ participantId }) => participantId);
const HONEST = itemAt(IDS, 0);
const LIAR = itemAt(IDS, 1);
const DROPOUT = itemAt(IDS, 4);
const SURVIVORS = IDS.slice(0, 4);

/** To nothing in particular. */
const COMMITMENT = new Uint8Array(COMMITMENT_BYTES);

const withCode = (code: MaskingErrorCode) => expect.objectContaining({ code });
const vectorOf = (id: ParticipantId) => makeVector(CONFIG, id);

/** The content of these participants' plain sum. */
function plainSum(ids: readonly ParticipantId[]): Uint32Array {
  const sum = new Uint32Array(vectorLength(CONFIG.dimension));
  for (const id of ids) addRing(sum, vectorOf(id));
  return contentOf(sum);
}

test("keys that others would refuse are not taken, and change nothing", () => {
  const { stages } = advertise(CONFIG, IDENTITIES);
  const server = new KeyAdvertising(CONFIG);
  const own = stageOf({ stages, server }, LIAR).advertisement;
  const honest = stageOf({ stages, server }, HONEST).advertisement;
  server.advertise(honest);
  const signed = (change: Partial<KeyAdvertisement>) =>
    signAdvertisement(itemAt(IDENTITIES, 1), CONTEXT, { ...own, ...change });
  const stranger = createIdentity(new Uint8Array(32).fill(1));
  const cases: [KeyAdvertisement, MaskingErrorCode][] = [
    [honest, "already-delivered"],
    [{ ...own, participantId: DROPOUT }, "bad-signature"],
    [signAdvertisement(stranger, CONTEXT, own), "unknown-participant"],
    [signed({ maskKey: honest.maskKey }), "duplicate-key"],
    [signed({ maskKey: own.encryptionKey }), "duplicate-key"],
    [signed({ encryptionKey: new Uint8Array(32) }), "bad-key"],
    [signed({ maskKey: new Uint8Array(32) }), "bad-key"],
    [signed({ selfMaskCommitment: new Uint8Array(31) }), "wrong-length"],
    [signed({ graphNonce: new Uint8Array(31) }), "wrong-length"],
    [signed({ graphNonce: nonceOf(itemAt(IDENTITIES, 2)) }), "wrong-opening"],
  ];
  for (const [lie, code] of cases) expect(() => server.advertise(lie)).toThrow(withCode(code));
  expect(server.delivered).toEqual(new Set([HONEST]));
  server.advertise(own);
  expect(server.delivered).toEqual(new Set([HONEST, LIAR]));
});

test("sealed shares that are not one for each other participant are not taken", () => {
  const step = share(advertise(CONFIG, IDENTITIES), [HONEST]);
  const { keyBook } = step.server;
  const shares = stageOf(share(advertise(CONFIG, IDENTITIES), [LIAR]), LIAR).sealedShares;
  const [first, second] = [itemAt(shares, 0), itemAt(shares, 1)];
  const rest = shares.slice(2);
  const cases: [ParticipantId, readonly SealedShare[], MaskingErrorCode][] = [
    [HONEST, stageOf(step, HONEST).sealedShares, "already-delivered"],
    ["0".repeat(32), shares, "unknown-participant"],
    [LIAR, [second, ...rest], "wrong-shares"],
    [LIAR, [second, second, ...rest], "wrong-shares"],
    [LIAR, [{ ...first, to: LIAR }, second, ...rest], "wrong-shares"],
    [LIAR, [{ ...first, from: HONEST }, second, ...rest], "wrong-shares"],
    [LIAR, [{ ...first, ciphertext: new Uint8Array(81) }, second, ...rest], "wrong-length"],
  ];
  for (const [from, lie, code] of cases) {
    expect(() => step.server.share(from, lie)).toThrow(withCode(code));
  }
  expect(step.server.delivered).toEqual(new Set([HONEST]));
  expect(keyBook.map(({ participantId }) => participantId)).toEqual(IDS);
});

test("an upload is added once, when it is what its sharer signed", () => {
  const step = upload(share(advertise(CONFIG, IDENTITIES)), vectorOf, SURVIVORS.slice(1));
  const masked = vectorOf("any");
  const vector = { uploadRoot: uploadRoot(bytesOfWords(masked)), commitment: COMMITMENT };
  const identity = itemAt(IDENTITIES, 0);
  const honest = signUpload(identity, EXCHANGE, vector);
  const { upload: signed } = honest;
  const noResidue = new Uint8Array(COMMITMENT.length).fill(255);
  const next = makeExchange({ ...CONFIG, round: 2 }, IDENTITIES);
  const otherBook = makeExchange(CONFIG, IDENTITIES.slice(0, 4));
  const changed = (change: Partial<UploadCommitment>) => ({
    ...honest,
    upload: { ...signed, ...change },
  });
  const cases: [CommittedUpload, Uint32Array, MaskingErrorCode][] = [
    [stageOf(step, LIAR), masked, "already-delivered"],
    [changed({ participantId: "0".repeat(32) }), masked, "unknown-participant"],
    [changed({ participantId: DROPOUT }), masked, "bad-signature"],
    [signUpload(identity, next, vector), masked, "bad-signature"],
    [signUpload(identity, otherBook, vector), masked, "bad-signature"],
    [honest, masked.subarray(1), "wrong-dimension"],
    [honest, masked.map((word) => word ^ 1), "wrong-upload-root"],
    [changed({ uploadRoot: signed.uploadRoot.subarray(1) }), masked, "wrong-length"],
    [changed({ commitmentHash: signed.commitmentHash.subarray(1) }), masked, "wrong-length"],
    [{ ...honest, commitment: COMMITMENT.map((byte) => byte ^ 1) }, masked, "wrong-commitment"],
    [
      signUpload(identity, EXCHANGE, { ...vector, commitment: noResidue }),
      masked,
      "wrong-commitment",
    ],
  ];
  for (const [lie, words, code] of cases) {
    expect(() => step.server.submit(lie, words)).toThrow(withCode(code));
  }
  expect(step.server.delivered).toEqual(new Set(SURVIVORS.slice(1)));
  expect(contentOf(reveal(confirm(step)).close())).toEqual(plainSum(SURVIVORS.slice(1)));
});

test("an upload that comes after the end of collection is not added", () => {
  const shared = share(advertise(CONFIG, IDENTITIES));
  const step = upload(shared, vectorOf, SURVIVORS);
  const late = vectorOf("late");
  const confirmed = confirm(step);
  const vector = { uploadRoot: uploadRoot(bytesOfWords(late)), commitment: COMMITMENT };
  const committed = signUpload(itemAt(IDENTITIES, 4), EXCHANGE, vector);
  expect(() => step.server.submit(committed, late)).toThrow(withCode("stage-used"));
  expect(contentOf(reveal(confirmed).close())).toEqual(plainSum(SURVIVORS));
});

test("the updates root is the Merkle root over the survivors' signed commitments by id", () => {
  const step = upload(share(advertise(CONFIG, IDENTITIES)), vectorOf, SURVIVORS.toReversed());
  const { survivors, updatesRoot } = step.server.close();
  expect(survivors.map(({ participantId }) => participantId)).toEqual(SURVIVORS);
  expect(updatesRoot).toBe(hexOf(merkleRoot(survivors.map(leafOf))));
});

test("an acknowledgement of another set, of a dropout, or a second one is not taken", () => {
  const shared = share(advertise(CONFIG, IDENTITIES));
  const step = upload(shared, vectorOf, SURVIVORS);
  const server = step.server.close();
  const { ack } = stageOf(step, HONEST).confirm(server.survivors);
  const { ack: other } = stageOf(step, LIAR).confirm(server.survivors.slice(0, 3));
  server.confirm(ack);
  expect(() => server.confirm(ack)).toThrow(withCode("already-delivered"));
  expect(() => server.confirm(other)).toThrow(withCode("bad-signature"));
  expect(() => server.confirm({ ...ack, participantId: DROPOUT })).toThrow(
    withCode("unknown-participant"),
  );
  expect(server.delivered).toEqual(new Set([HONEST]));
  expect(() => server.close()).toThrow(
    expect.objectContaining({ code: "too-few", got: 1, wanted: 3 }),
  );
});

function unmasking() {
  const step = confirm(upload(share(advertise(CONFIG, IDENTITIES)), vectorOf, SURVIVORS));
  const server = step.server.close();
  const sharesOf = (id: ParticipantId) => stageOf(step, id).reveal(server.acks);
  return { server, sharesOf };
}

test("revealed shares that are not one of each wanted secret are not taken", () => {
  const { server, sharesOf } = unmasking();
  server.reveal(HONEST, sharesOf(HONEST));
  const shares = sharesOf(LIAR);
  const { selfMaskShares, maskKeyShares } = shares;
  const short = selfMaskShares.map(({ owner }) => ({ owner, share: new Uint8Array(31) }));
  const cases: [ParticipantId, RevealedShares, MaskingErrorCode][] = [
    [HONEST, shares, "already-delivered"],
    [DROPOUT, shares, "unknown-participant"],
    [LIAR, { ...shares, maskKeyShares: [] }, "wrong-shares"],
    [LIAR, { ...shares, maskKeyShares: [...maskKeyShares, ...maskKeyShares] }, "wrong-shares"],
    [LIAR, { ...shares, selfMaskShares: selfMaskShares.slice(1) }, "wrong-shares"],
    [LIAR, { selfMaskShares: maskKeyShares, maskKeyShares: selfMaskShares }, "wrong-shares"],
    [LIAR, { ...shares, selfMaskShares: short }, "wrong-length"],
  ];
  for (const [from, lie, code] of cases) {
    expect(() => server.reveal(from, lie)).toThrow(withCode(code));
  }
  expect(server.delivered).toEqual(new Set([HONEST]));
});

test("a wrong share ends in bad-share naming whose secret it spoilt, never in a wrong sum", () => {
  for (const kind of ["selfMaskShares", "maskKeyShares"] as const) {
    const { server, sharesOf } = unmasking();
    const owner = kind === "selfMaskShares" ? HONEST : DROPOUT;
    for (const id of SURVIVORS) {
      const shares = sharesOf(id);
      const spoilt = shares[kind].map((entry) =>
        entry.owner === owner ? { owner, share: entry.share.map((byte) => byte ^ 1) } : entry,
      );
      server.reveal(id, id === LIAR ? { ...shares, [kind]: spoilt } : shares);
    }
    expect(() => server.close()).toThrow(
      expect.objectContaining({ code: "bad-share", participantId: owner }),
    );
  }
});

test("unmasking waits for the threshold, takes more, and gives the sum once", () => {
  const { server, sharesOf } = unmasking();
  for (const [i, id] of SURVIVORS.entries()) {
    const isShort = i < CONFIG.threshold;
    expect(server.shortage(server.delivered) !== undefined).toBe(isShort);
    if (isShort) {
      expect(() => server.close()).toThrow(
        expect.objectContaining({ code: "too-few", got: i, wanted: 3 }),
      );
    }
    server.reveal(id, sharesOf(id));
  }
  expect(contentOf(server.close())).toEqual(plainSum(SURVIVORS));
  expect(() => server.close()).toThrow(withCode("stage-used"));
});
