import { expect, test } from "vitest";
import { ParticipantCipher } from "../he/participant-cipher.ts";
import { seededRandom } from "../random.ts";
import { heParametersOf, valueCountOf } from "./encryption.ts";
import type { SealedShare } from "./messages.ts";
import { SharingStage } from "./participant-sharing.ts";
import { contributionBytes } from "./round-key.ts";
import { RoundKeys } from "./round-keys.ts";
import { encryptedSumOf, makeEncryptedConfig, unitUpdate } from "./testing/encrypted-round.ts";
import {
  advertise,
  itemAt,
  makeExchange,
  makeIdentities,
  secretsOf,
  share,
  stageOf,
  toolsFor,
} from "./testing/round.ts";

const IDENTITIES = makeIdentities(5);
const IDS = IDENTITIES.map(({ participantId }) => participantId);
const CONFIG = makeEncryptedConfig(IDENTITIES);
const [LIAR, VICTIM] = [itemAt(IDENTITIES, 4), itemAt(IDS, 0)];

/** What the liar seals for the victim when its contribution is not the one that it committed to. */
function lyingShare(): SealedShare {
  const context = makeExchange(CONFIG, IDENTITIES);
  const { random } = secretsOf(LIAR);
  let drawn = 0;
  const lying = {
    fill: (bytes: Uint8Array) => {
      drawn += 1;
      if (drawn === 4) seededRandom("another contribution").fill(bytes);
      else random.fill(bytes);
    },
  };
  const keys = new RoundKeys(lying, contributionBytes(CONFIG));
  const stage = SharingStage.begin({ context, identity: LIAR }, keys, seededRandom("shares"));
  return itemAt(
    stage.sealedShares.filter(({ to }) => to === VICTIM),
    0,
  );
}

test("a contribution that is not what its sender committed to is refused, naming it, and the honest one still accepted", () => {
  const shared = share(advertise(CONFIG, IDENTITIES));
  const collection = shared.server.close();
  const sealed = collection.sealedSharesFor(VICTIM);
  const withLie = sealed.map((one) => (one.from === LIAR.participantId ? lyingShare() : one));
  const stage = stageOf(shared, VICTIM);
  expect(() => stage.openShares(collection.sharers, withLie)).toThrow(
    expect.objectContaining({ code: "wrong-contribution", participantId: LIAR.participantId }),
  );
  expect(() => stage.openShares(collection.sharers, sealed)).not.toThrow();
});

test("a participant that was shown other sharers has another key: its update mixes with nobody's, and no key opens the sum", async () => {
  const shared = share(advertise(CONFIG, IDENTITIES));
  const collection = shared.server.close();
  const jobOf = (id: string, sharers: readonly string[]) => {
    const sealed = collection.sealedSharesFor(id).filter(({ from }) => sharers.includes(from));
    const update = unitUpdate(CONFIG.dimension, IDS.indexOf(id));
    return stageOf(shared, id).openShares(sharers, sealed).encode(update, toolsFor(id)).job;
  };
  const [fewer, other] = [
    jobOf(VICTIM, IDS.slice(0, 4)),
    jobOf(itemAt(IDS, 1), collection.sharers),
  ];
  expect(fewer.keySeed).not.toEqual(other.keySeed);
  const parameters = heParametersOf(CONFIG);
  using first = await ParticipantCipher.open(parameters, fewer.keySeed);
  using second = await ParticipantCipher.open(parameters, other.keySeed);
  const noMasks = { added: new Uint8Array(), subtracted: new Uint8Array() };
  const uploads = [first.encrypt(fewer.values, noMasks), second.encrypt(other.values, noMasks)];
  const count = valueCountOf(CONFIG);
  // Even bare: each alone opens under its own key, both together under none.
  for (const [index, cipher] of [first, second].entries()) {
    const alone = await encryptedSumOf(CONFIG, [itemAt(uploads, index)], noMasks);
    expect(() => cipher.openSum(alone, count, 1)).not.toThrow();
    const both = await encryptedSumOf(CONFIG, uploads, noMasks);
    expect(() => cipher.openSum(both, count, 2)).toThrow(
      expect.objectContaining({ code: "wrong-sum" }),
    );
  }
});
