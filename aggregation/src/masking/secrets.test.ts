import { inspect } from "node:util";
import { expect, test } from "vitest";
import { hexOf } from "../hex.ts";
import { type RandomSource, seededRandom } from "../random.ts";
import { HeldShares } from "./held-shares.ts";
import { AgreementKey, SharedSecret } from "./key-agreement.ts";
import { MaskSet } from "./mask-set.ts";
import { MaskStream } from "./mask-stream.ts";
import { AdvertisingStage } from "./participant-advertising.ts";
import { RoundKeys } from "./round-keys.ts";
import { encode, makeEncryptedConfig, unitUpdate } from "./testing/encrypted-round.ts";
import {
  advertise,
  confirm,
  itemAt,
  makeConfig,
  makeIdentities,
  makeVector,
  secretsOf,
  share,
  stageOf,
  upload,
} from "./testing/round.ts";
import { UpdateSecrets } from "./update-secrets.ts";

const IDENTITIES = makeIdentities(4);
const CONFIG = makeConfig(IDENTITIES);
const FIRST = itemAt(IDENTITIES, 0);
const SELF = FIRST.participantId;

/** Secrets are runs of the byte 0xa7, so that one that is printed shows in hexadecimal, decimal or base64. */
const MARK = /a7a7a7|167(,\s*("\d+":)?\s*167){2}|p6en|6enp|enp6/i;

/** Every draw is a run of marks, and no two draws are the same. */
function markedRandom(): RandomSource {
  let draws = 0;
  return {
    fill: (bytes) => {
      bytes.fill(0xa7).set([draws], bytes.length - 1);
      draws += 1;
    },
  };
}

function printed(value: unknown): string {
  const options = { depth: null, showHidden: true, maxArrayLength: null };
  return inspect(value, options) + JSON.stringify(value) + String(value);
}

test("the marks that the leak tests look for are found when they are printed", () => {
  const bytes = new Uint8Array(32).fill(0xa7);
  expect(printed({ bytes })).toMatch(MARK);
  expect(JSON.stringify([...bytes])).toMatch(MARK);
  expect(hexOf(bytes)).toMatch(MARK);
  expect(Buffer.from(bytes).toString("base64")).toMatch(MARK);
});

test("no holder of secrets prints them, whatever way it is printed", () => {
  const marks = (length: number) => new Uint8Array(length).fill(0xa7);
  const holders = [
    new RoundKeys(markedRandom()),
    new RoundKeys(markedRandom()).polynomial(3, markedRandom()),
    new AgreementKey(marks(32)),
    new SharedSecret(marks(32)),
    new HeldShares(new Map([["owner", marks(64)]])),
    new MaskStream(marks(32), true),
    new RoundKeys(markedRandom(), 32),
    new UpdateSecrets(new MaskSet([]), marks(32)),
  ];
  for (const holder of holders) expect(printed(holder)).not.toMatch(MARK);
});

test("no stage of a participant prints its secrets", () => {
  const honest = advertise(CONFIG, IDENTITIES.slice(1));
  const advertising = AdvertisingStage.begin(CONFIG, {
    ...secretsOf(FIRST),
    random: markedRandom(),
  });
  expect(printed(advertising)).not.toMatch(MARK);
  honest.server.advertise(advertising.advertisement);
  const stages = new Map([[SELF, advertising], ...honest.stages]);
  const shared = share({ server: honest.server, stages });
  expect(printed(stageOf(shared, SELF))).not.toMatch(MARK);
  const uploaded = upload(shared, (id) => makeVector(CONFIG, id));
  expect(printed(stageOf(uploaded, SELF))).not.toMatch(MARK);
  expect(printed(stageOf(confirm(uploaded), SELF))).not.toMatch(MARK);
});

test("no stage of a participant of an encrypted round prints its secrets", () => {
  const config = makeEncryptedConfig(IDENTITIES);
  const honest = advertise(config, IDENTITIES.slice(1));
  const secrets = { ...secretsOf(FIRST), random: markedRandom() };
  const advertising = AdvertisingStage.begin(config, secrets);
  expect(printed(advertising)).not.toMatch(MARK);
  honest.server.advertise(advertising.advertisement);
  const stages = new Map([[SELF, advertising], ...honest.stages]);
  const shared = share({ server: honest.server, stages });
  expect(printed(stageOf(shared, SELF))).not.toMatch(MARK);
  const encoded = encode(shared, () => unitUpdate(config.dimension, 0));
  expect(printed(stageOf(encoded, SELF).stage)).not.toMatch(MARK);
});

test("what is wiped is zero: shares, masks and shared secrets", () => {
  const [shares, stream, secret] = [
    new Uint8Array(64).fill(1),
    new Uint8Array(32).fill(2),
    new Uint8Array(32).fill(3),
  ] as const;
  new HeldShares(new Map([["owner", shares]]))[Symbol.dispose]();
  new MaskStream(stream, true)[Symbol.dispose]();
  new SharedSecret(secret)[Symbol.dispose]();
  for (const bytes of [shares, stream, secret])
    expect(bytes.every((byte) => byte === 0)).toBe(true);
});

test("revealed shares outlive the stage that wipes its own", () => {
  const vectors = upload(share(advertise(CONFIG, IDENTITIES)), (id) => makeVector(CONFIG, id));
  const step = confirm(vectors);
  const { selfMaskShares } = stageOf(step, SELF).reveal(step.server.close().acks);
  for (const { share } of selfMaskShares) expect(share.some((byte) => byte !== 0)).toBe(true);
});

test("two rounds of one participant have no key in common", () => {
  const random = seededRandom("both rounds");
  const keys = [CONFIG, { ...CONFIG, round: 2 }].flatMap((config) => {
    const { advertisement } = AdvertisingStage.begin(config, { ...secretsOf(FIRST), random });
    const { encryptionKey, maskKey, selfMaskCommitment } = advertisement;
    return [encryptionKey, maskKey, selfMaskCommitment].map(hexOf);
  });
  expect(new Set(keys).size).toBe(6);
});
