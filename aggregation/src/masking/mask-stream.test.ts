import { expect, test } from "vitest";
import { bytesOfHex } from "../hex.ts";
import { seededRandom } from "../random.ts";
import { addRing, bytesOfWords } from "../vector.ts";
import type { ExchangeContext } from "./exchange-context.ts";
import { SharedSecret } from "./key-agreement.ts";
import { MaskSet } from "./mask-set.ts";
import { MaskStream, type MaskUse, pairwiseMask, selfMask } from "./mask-stream.ts";
import {
  advertise,
  makeConfig,
  makeExchange,
  makeIdentities,
  share,
  stageOf,
  toolsFor,
} from "./testing/round.ts";
import { chiSquare, chiSquareLimit } from "./testing/statistics.ts";
import { vectorLength } from "./update-vector.ts";

const IDENTITIES = makeIdentities(4);
const CONFIG = makeConfig(IDENTITIES);
const CONTEXT = makeExchange(CONFIG, IDENTITIES);
const [ALICE = "", BOB = ""] = CONFIG.cohort.map(({ participantId }) => participantId);

function expand(mask: MaskStream, words: number): Uint32Array {
  const vector = new Uint32Array(words);
  new MaskSet([mask]).applyTo(vector);
  return vector;
}

function pairwise(context: ExchangeContext, owner: string, peer: string, use: MaskUse): MaskStream {
  const secret = new SharedSecret(new Uint8Array(32).fill(7));
  return pairwiseMask(context, secret, owner, peer, use);
}

// Source: NIST SP 800-38A, F.5.1: the keystream is plaintext XOR ciphertext of CTR-AES128.Encrypt.
test("the mask is the keystream of NIST's AES-128-CTR example", () => {
  const keyAndCounter = bytesOfHex(
    "2b7e151628aed2a6abf7158809cf4f3cf0f1f2f3f4f5f6f7f8f9fafbfcfdfeff",
  );
  const plaintext = bytesOfHex(
    "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e5130c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710",
  );
  const ciphertext = bytesOfHex(
    "874d6191b620e3261bef6864990db6ce9806f66b7970fdff8617187bb9fffdff5ae4df3edbd5d35e5b4f09020db03eab1e031dda2fbe03d1792170a0f3009cee",
  );
  const keystream = plaintext.map((byte, i) => byte ^ (ciphertext[i] ?? 0));
  expect(bytesOfWords(expand(new MaskStream(keyAndCounter, true), 16))).toEqual(keystream);
});

test("a mask of many blocks begins as a short one does, and taking off undoes putting on", () => {
  const seed = new Uint8Array(32).fill(3);
  const long = expand(selfMask(CONTEXT, seed, ALICE, "put-on"), 100_003);
  expect(expand(selfMask(CONTEXT, seed, ALICE, "put-on"), 70_001)).toEqual(long.slice(0, 70_001));
  new MaskSet([selfMask(CONTEXT, seed, ALICE, "take-off")]).applyTo(long);
  expect(long).toEqual(new Uint32Array(100_003));
});

test("more masks than are open at once are all applied", () => {
  const seeds = Array.from({ length: 130 }, (_, i) => new Uint8Array(32).fill(i + 1));
  const masks = seeds.map((seed) => selfMask(CONTEXT, seed, ALICE, "put-on"));
  const wanted = new Uint32Array(10);
  for (const mask of masks) addRing(wanted, expand(mask, 10));
  const together = new Uint32Array(10);
  new MaskSet(masks).applyTo(together);
  expect(together).toEqual(wanted);
});

test("the masks of a pair cancel, and differ from the round's other masks", () => {
  const sum = expand(pairwise(CONTEXT, ALICE, BOB, "put-on"), 100);
  const lower = sum.slice();
  addRing(sum, expand(pairwise(CONTEXT, BOB, ALICE, "put-on"), 100));
  expect(sum).toEqual(new Uint32Array(100));
  const own = selfMask(CONTEXT, new Uint8Array(32).fill(7), ALICE, "put-on");
  expect(expand(own, 100)).not.toEqual(lower);
});

test("the masks of a pair do not cancel when the two were shown different models", () => {
  const other = makeExchange({ ...CONFIG, parentModelHash: "ef".repeat(32) }, IDENTITIES);
  const sum = expand(pairwise(CONTEXT, ALICE, BOB, "put-on"), 100);
  addRing(sum, expand(pairwise(other, BOB, ALICE, "put-on"), 100));
  expect(sum.some((word) => word !== 0)).toBe(true);
});

test("the masks of a pair do not cancel when the two were shown different key books", () => {
  const other = makeExchange(CONFIG, IDENTITIES.slice(0, 3));
  const sum = expand(pairwise(CONTEXT, ALICE, BOB, "put-on"), 100);
  addRing(sum, expand(pairwise(other, BOB, ALICE, "put-on"), 100));
  expect(sum.some((word) => word !== 0)).toBe(true);
});

/** One participant's upload in a round of three: its vector under its self mask and two pairwise masks. */
function maskedUpload(vector: Uint32Array): Uint32Array {
  const identities = makeIdentities(3);
  const config = makeConfig(identities, { dimension: vector.length - vectorLength(0) });
  const shared = share(advertise(config, identities));
  const collection = shared.server.close();
  const [first = ""] = collection.sharers;
  const sealed = collection.sealedSharesFor(first);
  const stage = stageOf(shared, first).openShares(collection.sharers, sealed);
  const masked = vector.slice();
  stage.mask(masked, toolsFor("first"));
  return masked;
}

test("a single masked vector looks uniform even when what it hides is all zero", () => {
  const masked = maskedUpload(new Uint32Array(100_000));
  expect(chiSquare(bytesOfWords(masked), 256)).toBeLessThan(chiSquareLimit(256));
});

// Positive control: the same statistic must see an update that was quantised but not masked.
test("the test for uniformity sees a vector that was not masked", () => {
  const vector = new Uint32Array(100_000);
  seededRandom("update").fill(bytesOfWords(vector).subarray(0, 300_000));
  expect(chiSquare(bytesOfWords(vector), 256)).toBeGreaterThan(chiSquareLimit(256));
});
