import { beforeAll, expect, test } from "vitest";
import { ChunkCipher } from "../he/chunk-cipher.ts";
import { SUM_BYTES } from "../he/ciphertext-form.ts";
import { HeKey } from "../he/key.ts";
import { CHUNK_WORDS, packValues } from "../he/lanes.ts";
import { Seal } from "../he/seal.ts";
import { heParametersOf } from "./encryption.ts";
import type { ExchangeContext } from "./exchange-context.ts";
import { AgreementKey } from "./key-agreement.ts";
import { type MaskSeeds, MaskSet } from "./mask-set.ts";
import { pairwiseMask, selfMask } from "./mask-stream.ts";
import type { ParticipantId, SealedShare } from "./messages.ts";
import { contributionBytes } from "./round-key.ts";
import { RoundKeys } from "./round-keys.ts";
import { openShare, sealingKey } from "./sealing.ts";
import { combineShares, type ShamirShare } from "./shamir.ts";
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
  itemAt,
  makeExchange,
  makeIdentities,
  secretsOf,
  share,
} from "./testing/round.ts";

// The coordinator and some participants, who have the round's key, against one upload. All of them kept what they saw.
const IDENTITIES = makeIdentities(5);
const IDS = IDENTITIES.map(({ participantId }) => participantId);
const CONFIG = makeEncryptedConfig(IDENTITIES, { dimension: 30, clippingNorm: 1 });
const [VICTIM, ...OTHERS] = IDS as [ParticipantId, ...ParticipantId[]];
const NOTHING: MaskSeeds = { added: new Uint8Array(), subtracted: new Uint8Array() };

let context: ExchangeContext;
/** Of the victim: what it encrypts before it is masked, shape `[words]`. */
let bare: Uint32Array;
let upload: Uint8Array;
let keySeed: Uint8Array;
let sealed: readonly SealedShare[];
beforeAll(async () => {
  context = makeExchange(CONFIG, IDENTITIES);
  const shared = share(advertise(CONFIG, IDENTITIES));
  sealed = itemAt([...shared.stages.values()], 0).sealedShares;
  const encoded = encode(shared, (id) => unitUpdate(30, IDS.indexOf(id)));
  // Everybody's is the same, and so the colluders'.
  const { job } = itemAt([...encoded.stages.values()], 1);
  keySeed = job.keySeed;
  using cipher = await openCipher(job);
  uploadCiphertexts(encoded, ({ values, masks }, id) => {
    const packed = packValues(job.parameters, values);
    const ciphertexts = cipher.encrypt(values, masks);
    if (id === VICTIM) [bare, upload] = [packed, ciphertexts];
    return ciphertexts;
  });
});

/** The share of the victim's secrets that a colluder was sent. */
function shareOf(colluder: ParticipantId): ShamirShare {
  const identity = itemAt(IDENTITIES, IDS.indexOf(colluder));
  using keys = new RoundKeys(secretsOf(identity).random, contributionBytes(CONFIG));
  using agreed = keys.encryption.agree(VICTIM, context.entryOf(VICTIM).encryptionKey);
  const key = sealingKey(agreed, context, VICTIM, colluder);
  const [one] = sealed.filter(({ to }) => to === colluder);
  if (one === undefined) throw new Error("nothing was sealed for the colluder");
  const opened = openShare(key, context, one).subarray(0, 64);
  return { index: context.shareIndexOf(VICTIM, colluder), share: opened };
}

/** The victim's masks as so many colluders' shares rebuild them, right or wrong. */
function rebuiltMasks(colluders: readonly ParticipantId[]): MaskSeeds {
  const secrets = combineShares(colluders.map(shareOf));
  using maskKey = new AgreementKey(secrets.subarray(32));
  const pairwise = OTHERS.map((peer) => {
    using agreed = maskKey.agree(peer, context.entryOf(peer).maskKey);
    return pairwiseMask(context, agreed, VICTIM, peer, "put-on");
  });
  const self = selfMask(context, secrets.subarray(0, 32), VICTIM, "put-on");
  return new MaskSet([self, ...pairwise]).seeds();
}

/** How many words of the victim's upload are bare, once these masks are taken off and all is decrypted with the round's key. */
async function bareWords(masks: MaskSeeds): Promise<number> {
  const alone = await encryptedSumOf(CONFIG, [upload], masks);
  using seal = await Seal.open();
  using key = HeKey.fromSeed(heParametersOf(CONFIG), keySeed);
  using cipher = new ChunkCipher(seal, key);
  const opened = Array.from({ length: bare.length / CHUNK_WORDS }, (_, chunk) => [
    ...cipher.decrypt(alone.subarray(chunk * SUM_BYTES, (chunk + 1) * SUM_BYTES)),
  ]).flat();
  return opened.filter((word, place) => word === bare[place]).length;
}

// Every second word has 13 bits: of masked ones about one in 2^13, so 0.75 of 6,144, are bare by chance; 12 never.
const FEW = 12;

test("the coordinator and one participant, who has the key, open masked values alone", async () => {
  expect(await bareWords(NOTHING)).toBeLessThan(FEW);
});

test("t - 1 shares open nothing, though all who pool them have the key", async () => {
  const colluders = OTHERS.slice(0, CONFIG.threshold - 1);
  expect(await bareWords(rebuiltMasks(colluders))).toBeLessThan(FEW);
});

// The attack does bite: the others fail for want of shares alone.
test("t shares open the whole upload", async () => {
  const colluders = OTHERS.slice(0, CONFIG.threshold);
  expect(await bareWords(rebuiltMasks(colluders))).toBe(bare.length);
});
