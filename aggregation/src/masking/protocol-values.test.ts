import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createHmac,
  diffieHellman,
} from "node:crypto";
import { expect, test } from "vitest";
import { privateKeyFromSeed, publicKeyFromBytes } from "../curve-keys.ts";
import { bytesOfHex, hexOf } from "../hex.ts";
import { verifySignature } from "../identity.ts";
import { seededRandom } from "../random.ts";
import { configHash } from "./config.ts";
import type { ParticipantId } from "./messages.ts";
import { combineShares } from "./shamir.ts";
import { survivorDigest } from "./survivors.ts";
import { bareVector, observeRound } from "./testing/observed-round.ts";
import {
  advertise,
  confirm,
  itemAt,
  makeConfig,
  makeExchange,
  makeIdentities,
  makeVector,
  secretsOf,
  share,
  stageOf,
  upload,
} from "./testing/round.ts";

// What docs/protocol.md says, computed a second time from node:crypto's hash, block cipher and curve alone: two versions that
// agree with this file agree with each other.

const IDENTITIES = makeIdentities(4);
const CONFIG = makeConfig(IDENTITIES, { dimension: 7 });
const EXCHANGE = makeExchange(CONFIG, IDENTITIES);
const IDS = IDENTITIES.map(({ participantId }) => participantId);
const ALL = new Set(IDS);
const ROUND = observeRound(CONFIG, IDENTITIES, { advertisers: ALL, sharers: ALL, survivors: ALL });

/** The three seeds in the order in which a participant draws them. */
function seedsOf(id: ParticipantId) {
  const { random } = secretsOf(itemAt(IDENTITIES, IDS.indexOf(id)));
  const next = () => {
    const seed = new Uint8Array(32);
    random.fill(seed);
    return seed;
  };
  return { encryption: next(), mask: next(), selfMask: next() };
}

function agree(seed: Uint8Array, publicKey: Uint8Array): Uint8Array {
  return diffieHellman({
    privateKey: privateKeyFromSeed("X25519", seed),
    publicKey: publicKeyFromBytes("X25519", publicKey),
  });
}

/** RFC 5869, section 2, for an output of one block: extract under the salt, expand over info and the number 1. */
function derive(secret: Uint8Array, label: string, ids: readonly ParticipantId[]): Buffer {
  const key = createHmac("sha256", EXCHANGE.hash).update(secret).digest();
  return createHmac("sha256", key)
    .update(`SA-1/${label}/${ids.join("")}\u0001`)
    .digest();
}

/** NIST SP 800-38A, section 6.5: the block cipher over a counter of 128 bits, big-endian, as little-endian words. */
function keystream(keyAndCounter: Buffer, words: number): DataView {
  const cipher = createCipheriv("aes-128-ecb", keyAndCounter.subarray(0, 16), null);
  const first = BigInt(`0x${hexOf(keyAndCounter.subarray(16))}`);
  const blocks = Array.from({ length: Math.ceil(words / 4) }, (_, i) => {
    const counter = BigInt.asUintN(128, first + BigInt(i)).toString(16);
    return cipher.update(bytesOfHex(counter.padStart(32, "0")));
  });
  const bytes = new Uint8Array(Buffer.concat(blocks));
  return new DataView(bytes.buffer);
}

function maskedByTheBook(owner: ParticipantId): Uint32Array {
  const { mask, selfMask } = seedsOf(owner);
  const vector = bareVector(CONFIG, owner);
  const masks = IDS.map((peer) => {
    const isAdded = owner <= peer;
    const secret = agree(mask, EXCHANGE.entryOf(peer).maskKey);
    const ids = [owner, peer].toSorted();
    const keyAndCounter =
      peer === owner
        ? derive(selfMask, "self-mask", [owner])
        : derive(secret, "pairwise-mask", ids);
    return { sign: isAdded ? 1 : -1, stream: keystream(keyAndCounter, vector.length) };
  });
  return vector.map((word, i) =>
    masks.reduce((sum, { sign, stream }) => sum + sign * stream.getUint32(4 * i, true), word),
  );
}

test("a masked vector is the vector plus self mask, plus masks with higher ids, minus masks with lower ids", () => {
  for (const id of IDS) expect(ROUND.masked.get(id)).toEqual(maskedByTheBook(id));
});

/** Opens a sealed share with the addressee's key: AES-256-GCM, nonce zero, bound to exchange, both ids and coordinate. */
function openedByTheBook(from: ParticipantId, to: ParticipantId): Buffer {
  const sealed = ROUND.sealed.get(from)?.find((share) => share.to === to);
  if (sealed === undefined) throw new Error(`nothing sealed by ${from} for ${to}`);
  const secret = agree(seedsOf(to).encryption, EXCHANGE.entryOf(from).encryptionKey);
  const key = derive(secret, "seal", [from, to]);
  const decipher = createDecipheriv("aes-256-gcm", key, new Uint8Array(12));
  const coordinate = Uint8Array.of(EXCHANGE.shareIndexOf(from, to));
  decipher.setAAD(Buffer.concat([EXCHANGE.hash, Buffer.from(from + to), coordinate]));
  decipher.setAuthTag(sealed.ciphertext.subarray(64));
  return Buffer.concat([decipher.update(sealed.ciphertext.subarray(0, 64)), decipher.final()]);
}

test("sealed shares open to shares of the self-mask seed, then of the mask key's", () => {
  const owner = itemAt(IDS, 1);
  const holders = IDS.filter((id) => id !== owner).slice(0, CONFIG.threshold);
  const shares = holders.map((holder) => ({
    index: EXCHANGE.shareIndexOf(owner, holder),
    share: openedByTheBook(owner, holder),
  }));
  const { selfMask, mask } = seedsOf(owner);
  expect(hexOf(combineShares(shares))).toBe(hexOf(selfMask) + hexOf(mask));
});

test("what is signed is SA-1, the message's name, a hash and the body, and nothing else", () => {
  const identity = itemAt(IDENTITIES, 2);
  const id = identity.participantId;
  const advertised = advertise(CONFIG, IDENTITIES);
  const { advertisement } = stageOf(advertised, id);
  const uploaded = upload(share(advertised), (owner) => makeVector(CONFIG, owner));
  const sent = stageOf(uploaded, id).upload;
  const confirmed = confirm(uploaded);
  const { ack } = stageOf(confirmed, id);
  const { encryptionKey, maskKey, selfMaskCommitment, graphNonce } = advertisement;
  const config = bytesOfHex(configHash(CONFIG));
  const digest = survivorDigest(EXCHANGE, confirmed.server.survivors);
  const signed: [Uint8Array, string, Uint8Array, Uint8Array[]][] = [
    [
      advertisement.signature,
      "key-advertisement",
      config,
      [encryptionKey, maskKey, selfMaskCommitment, graphNonce],
    ],
    [sent.signature, "upload-commitment", EXCHANGE.hash, [sent.uploadRoot, sent.commitmentHash]],
    [ack.signature, "survivor-ack", EXCHANGE.hash, [digest]],
  ];
  for (const [signature, name, hash, body] of signed) {
    const bytes = Buffer.concat([Buffer.from(`SA-1${name}`), hash, Buffer.from(id), ...body]);
    expect(verifySignature(identity.publicKey, bytes, signature)).toBe(true);
  }
});

test("a survivor digest is the hash of the exchange hash and every upload's id, root and commitment hash", () => {
  const uploads = IDENTITIES.map(({ participantId }, i) => {
    const bytes = (byte: number) => new Uint8Array(32).fill(byte + i);
    const signature = new Uint8Array(64);
    return { participantId, uploadRoot: bytes(1), commitmentHash: bytes(50), signature };
  });
  const parts = uploads.flatMap(({ participantId, uploadRoot, commitmentHash }) => [
    Buffer.from(participantId),
    uploadRoot,
    commitmentHash,
  ]);
  const wanted = createHash("sha256").update("chorus/survivors").update(EXCHANGE.hash);
  wanted.update(Buffer.concat(parts));
  expect(hexOf(survivorDigest(EXCHANGE, uploads.toReversed()))).toBe(wanted.digest("hex"));
});

test("a seeded stream is the keystream of the key and counter that its seed gives", () => {
  const key = createHmac("sha256", "").update("chorus").digest();
  const keyAndCounter = createHmac("sha256", key).update("chorus/seeded-random/v1\u0001").digest();
  const bytes = new Uint8Array(64);
  seededRandom("chorus").fill(bytes);
  expect(bytes).toEqual(new Uint8Array(keystream(keyAndCounter, 16).buffer));
});
