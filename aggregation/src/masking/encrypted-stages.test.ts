import { describe, expect, test } from "vitest";
import { KeyAdvertising } from "./aggregator-advertising.ts";
import { ciphertextBytes } from "./encryption.ts";
import type { MaskingErrorCode } from "./error.ts";
import type { KeyAdvertisement } from "./messages.ts";
import { AdvertisingStage } from "./participant-advertising.ts";
import {
  ciphertextsLike,
  encode,
  makeEncryptedConfig,
  playUnsealed,
  unitUpdate,
} from "./testing/encrypted-round.ts";
import {
  advertise,
  confirm,
  itemAt,
  makeConfig,
  makeIdentities,
  makeVector,
  reveal,
  secretsOf,
  share,
  stageOf,
  toolsFor,
  upload,
} from "./testing/round.ts";
import { vectorLength } from "./update-vector.ts";

const IDENTITIES = makeIdentities(3);
const IDS = IDENTITIES.map(({ participantId }) => participantId);
const SELF = itemAt(IDS, 0);
const MASKED = makeConfig(IDENTITIES);
const CONFIG = makeEncryptedConfig(IDENTITIES);
const UPDATE = unitUpdate(CONFIG.dimension, 0);
const BYTES = ciphertextsLike(CONFIG, "ciphertexts");

function withCode(code: MaskingErrorCode) {
  return expect.objectContaining({ code });
}

function maskingStage(config: typeof CONFIG | typeof MASKED) {
  const shared = share(advertise(config, IDENTITIES));
  const server = shared.server.close();
  const stage = stageOf(shared, SELF).openShares(server.sharers, server.sealedSharesFor(SELF));
  return { server, stage };
}

/** The first participant's update, encoded and signed, and the server that waits for it. */
function signed() {
  const { server, stages } = encode(share(advertise(CONFIG, IDENTITIES)), () => UPDATE);
  return { server, committed: stageOf({ server, stages }, SELF).stage.sign(BYTES) };
}

describe("a participant", () => {
  test("masks in a round that is not encrypted alone, and encodes in one that is alone", () => {
    const [masked, encrypted] = [maskingStage(MASKED).stage, maskingStage(CONFIG).stage];
    const vector = new Uint32Array(vectorLength(CONFIG.dimension));
    expect(() => masked.encode(UPDATE, toolsFor(SELF))).toThrow(withCode("wrong-protection"));
    expect(() => encrypted.mask(vector, toolsFor(SELF))).toThrow(withCode("wrong-protection"));
    expect(vector.every((word) => word === 0)).toBe(true);
    masked.mask(vector, toolsFor(SELF));
    encrypted.encode(UPDATE, toolsFor(SELF));
  });

  test("encodes one update: a second one under the same masks would leave their difference bare", () => {
    const { stage } = maskingStage(CONFIG);
    const tooLong = { ...UPDATE, delta: new Float32Array(CONFIG.dimension + 1) };
    expect(() => stage.encode(tooLong, toolsFor(SELF))).toThrow(
      expect.objectContaining({ code: "wrong-dimension" }),
    );
    stage.encode(UPDATE, toolsFor(SELF));
    expect(() => stage.encode(UPDATE, toolsFor(SELF))).toThrow(withCode("stage-used"));
  });

  test("signs ciphertexts of the right length, once", () => {
    const { stage } = maskingStage(CONFIG).stage.encode(UPDATE, toolsFor(SELF));
    expect(() => stage.sign(BYTES.subarray(1))).toThrow(withCode("wrong-length"));
    stage.sign(BYTES);
    expect(() => stage.sign(BYTES)).toThrow(withCode("stage-used"));
  });

  test("that leaves after it encoded signs nothing any more", () => {
    const { stage } = maskingStage(CONFIG).stage.encode(UPDATE, toolsFor(SELF));
    stage[Symbol.dispose]();
    expect(() => stage.sign(BYTES)).toThrow(withCode("stage-used"));
  });
});

describe("the server", () => {
  test("takes advertisements with a commitment to a contribution in encrypted rounds, and only there", () => {
    const beginIn = (config: typeof CONFIG | typeof MASKED) =>
      AdvertisingStage.begin(config, secretsOf(itemAt(IDENTITIES, 0))).advertisement;
    const { keyCommitment, ...without } = beginIn(CONFIG);
    const extra: KeyAdvertisement = { ...beginIn(MASKED), keyCommitment: new Uint8Array(32) };
    expect(keyCommitment).toHaveLength(32);
    expect(() => new KeyAdvertising(CONFIG).advertise(without)).toThrow(withCode("wrong-length"));
    expect(() => new KeyAdvertising(MASKED).advertise(extra)).toThrow(withCode("wrong-length"));
    new KeyAdvertising(MASKED).advertise(beginIn(MASKED));
  });

  test("refuses sealed shares without a contribution in an encrypted round", () => {
    const { server } = share(advertise(CONFIG, IDENTITIES), IDS.slice(1));
    const stages = share(advertise(CONFIG, IDENTITIES)).stages;
    const sealed = stageOf({ server, stages }, SELF).sealedShares;
    const cut = sealed.map((one) => ({ ...one, ciphertext: one.ciphertext.subarray(0, 80) }));
    expect(() => server.share(SELF, cut)).toThrow(withCode("wrong-length"));
    server.share(SELF, sealed);
  });

  test("accepts ciphertexts that are signed as they are, one update of each, and nothing else", () => {
    const { server, committed } = signed();
    expect(BYTES).toHaveLength(ciphertextBytes(CONFIG));
    const vector = new Uint32Array(vectorLength(CONFIG.dimension));
    expect(() => server.submit(committed, vector)).toThrow(withCode("wrong-protection"));
    const commitment = committed.commitment.with(9, 1 ^ (committed.commitment[9] ?? 0));
    const [{ upload: signature }, other] = [committed, ciphertextsLike(CONFIG, "others")];
    const refused = [
      [{ upload: signature, commitment }, BYTES, "wrong-commitment"],
      [committed, other, "wrong-upload-root"],
      [committed, BYTES.subarray(1), "wrong-length"],
      [
        { commitment, upload: { ...signature, participantId: "0".repeat(32) } },
        BYTES,
        "unknown-participant",
      ],
      [
        { commitment, upload: { ...signature, participantId: itemAt(IDS, 1) } },
        BYTES,
        "bad-signature",
      ],
    ] as const;
    for (const [upload, bytes, code] of refused) {
      expect(() => server.accept(upload, bytes), code).toThrow(withCode(code));
    }
    expect(server.delivered.size).toBe(0);
    server.accept(committed, BYTES);
    expect(server.delivered).toEqual(new Set([SELF]));
    expect(() => server.accept(committed, BYTES)).toThrow(withCode("already-delivered"));
  });

  test("accepts no ciphertexts and gives no masks away in a round that is not encrypted", () => {
    const uploaded = upload(share(advertise(MASKED, IDENTITIES)), (id) => makeVector(MASKED, id));
    expect(() => uploaded.server.accept(stageOf(uploaded, SELF), BYTES)).toThrow(
      withCode("wrong-protection"),
    );
    const unmasking = reveal(confirm(uploaded));
    expect(() => unmasking.closeAsSeeds()).toThrow(withCode("wrong-protection"));
    expect(() => unmasking.encryptedTranscript(BYTES)).toThrow(withCode("wrong-protection"));
    expect(unmasking.transcriptOf(unmasking.close()).acks).toHaveLength(3);
  });

  test("gives the masks of an encrypted round once, and makes no plain sum of it", () => {
    const { unmasking } = playUnsealed(CONFIG, IDENTITIES, IDS, IDS);
    const sum = new Uint32Array(vectorLength(CONFIG.dimension));
    expect(() => unmasking.close()).toThrow(withCode("wrong-protection"));
    expect(() => unmasking.transcriptOf(sum)).toThrow(withCode("wrong-protection"));
    expect(() => unmasking.encryptedTranscript(BYTES)).toThrow(withCode("wrong-dimension"));
    const { added, subtracted } = unmasking.closeAsSeeds();
    // Three self masks, and no pairwise ones: nobody dropped out.
    expect([added.length, subtracted.length]).toEqual([96, 0]);
    expect(() => unmasking.closeAsSeeds()).toThrow(withCode("stage-used"));
  });
});
