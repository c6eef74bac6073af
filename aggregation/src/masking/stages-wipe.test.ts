import { expect, test } from "vitest";
import { HeldShares } from "./held-shares.ts";
import { MaskSet } from "./mask-set.ts";
import { MaskStream } from "./mask-stream.ts";
import type { ParticipantId } from "./messages.ts";
import { ConfirmingStage } from "./participant-confirming.ts";
import { MaskingStage } from "./participant-masking.ts";
import { SharingStage } from "./participant-sharing.ts";
import { RoundKeys } from "./round-keys.ts";
import { makeEncryptedConfig, unitUpdate } from "./testing/encrypted-round.ts";
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
  toolsFor,
  upload,
} from "./testing/round.ts";
import { UpdateSecrets } from "./update-secrets.ts";

// The stages of the first of four, which are given secrets that the test keeps an eye on.
const IDENTITIES = makeIdentities(4);
const CONFIG = makeConfig(IDENTITIES);
const IDENTITY = itemAt(IDENTITIES, 0);
const SELF = IDENTITY.participantId;
const SEAT = { context: makeExchange(CONFIG, IDENTITIES), identity: IDENTITY };
const IDS = new Set(SEAT.context.participants);
const vectorOf = (id: ParticipantId) => makeVector(CONFIG, id);

const isZero = (bytes: Uint8Array) => bytes.every((byte) => byte === 0);

/** A share of everybody's secrets. */
function heldShares() {
  const bytes = new Map([...IDS].map((id, i) => [id, new Uint8Array(64).fill(i + 1)]));
  const isWiped = () => [...bytes.values()].every(isZero);
  return { held: new HeldShares(bytes), isWiped };
}

function twoMasks() {
  const seeds = [1, 2].map((byte) => new Uint8Array(32).fill(byte));
  const masks = new MaskSet(seeds.map((seed) => new MaskStream(seed, true)));
  return { masks, isWiped: () => seeds.every(isZero) };
}

function sharingStage() {
  const { random } = secretsOf(IDENTITY);
  const keys = new RoundKeys(random, 32);
  const isWiped = () => keys.withSelfMaskSeed(isZero) && keys.withContribution(isZero);
  return { stage: SharingStage.begin(SEAT, keys, random), keys, isWiped };
}

test("opening the others' shares wipes the keys and the seed that they are not needed for any more", () => {
  const { stage, keys, isWiped } = sharingStage();
  const collection = share(advertise(CONFIG, IDENTITIES)).server.close();
  expect(isWiped()).toBe(false);
  stage.openShares(collection.sharers, collection.sealedSharesFor(SELF));
  expect(isWiped()).toBe(true);
  const peer = itemAt(collection.sharers, 1);
  const peerKey = SEAT.context.entryOf(peer).encryptionKey;
  for (const key of [keys.encryption, keys.mask]) {
    expect(() => key.agree(peer, peerKey)).toThrow(/wiped/);
  }
});

test("masking wipes the masks, and keeps the shares", () => {
  const [{ held, isWiped: areSharesWiped }, { masks, isWiped }] = [heldShares(), twoMasks()];
  const stage = new MaskingStage(SEAT, IDS, new UpdateSecrets(masks, new Uint8Array()), held);
  expect(isWiped()).toBe(false);
  stage.mask(vectorOf(SELF), toolsFor(SELF));
  expect(isWiped()).toBe(true);
  expect(areSharesWiped()).toBe(false);
});

test("encoding wipes masks and key, but for the job's copies, and keeps the shares", () => {
  const config = makeEncryptedConfig(IDENTITIES);
  const seat = { context: makeExchange(config, IDENTITIES), identity: IDENTITY };
  const [{ held, isWiped: areSharesWiped }, { masks, isWiped }] = [heldShares(), twoMasks()];
  const keySeed = new Uint8Array(32).fill(3);
  const masking = new MaskingStage(seat, IDS, new UpdateSecrets(masks, keySeed), held);
  const { job, stage } = masking.encode(unitUpdate(config.dimension, 0), toolsFor(SELF));
  expect([isWiped(), isZero(keySeed), areSharesWiped()]).toEqual([true, true, false]);
  expect(job.keySeed).toEqual(new Uint8Array(32).fill(3));
  expect(job.masks.added.slice(32)).toEqual(new Uint8Array(32).fill(2));
  masking[Symbol.dispose]();
  expect(areSharesWiped()).toBe(false);
  stage[Symbol.dispose]();
  expect(areSharesWiped()).toBe(true);
});

test("revealing wipes every share, those that were not asked for as well", () => {
  const { held, isWiped } = heldShares();
  const uploaded = upload(share(advertise(CONFIG, IDENTITIES)), vectorOf);
  const stage = new ConfirmingStage(SEAT, IDS, stageOf(uploaded, SELF), held);
  const confirmed = confirm(uploaded);
  const { acks } = confirmed.server.close();
  const revealing = stage.confirm(confirmed.server.survivors);
  expect(isWiped()).toBe(false);
  const { selfMaskShares } = revealing.reveal(acks);
  expect(isWiped()).toBe(true);
  expect(selfMaskShares.some(({ share: revealed }) => isZero(revealed))).toBe(false);
});

test("a stage that is left without a next one wipes what it holds", () => {
  const sharing = sharingStage();
  sharing.stage[Symbol.dispose]();
  expect(sharing.isWiped()).toBe(true);
  const [shares, masks] = [heldShares(), twoMasks()];
  const secrets = new UpdateSecrets(masks.masks, new Uint8Array());
  new MaskingStage(SEAT, IDS, secrets, shares.held)[Symbol.dispose]();
  expect([shares.isWiped(), masks.isWiped()]).toEqual([true, true]);
  const uploaded = upload(share(advertise(CONFIG, IDENTITIES)), vectorOf);
  const [confirming, revealing] = [heldShares(), heldShares()];
  const committed = stageOf(uploaded, SELF);
  new ConfirmingStage(SEAT, IDS, committed, confirming.held)[Symbol.dispose]();
  expect(confirming.isWiped()).toBe(true);
  const { survivors } = uploaded.server.close();
  const last = new ConfirmingStage(SEAT, IDS, committed, revealing.held).confirm(survivors);
  expect(revealing.isWiped()).toBe(false);
  last[Symbol.dispose]();
  expect(revealing.isWiped()).toBe(true);
});
