import { expect, test } from "vitest";
import { OpenedShares } from "./opened-shares.ts";
import { makeEncryptedConfig } from "./testing/encrypted-round.ts";
import { itemAt, makeExchange, makeIdentities } from "./testing/round.ts";

const IDENTITIES = makeIdentities(2);
const OWNER = itemAt(IDENTITIES, 0).participantId;

/** What one sharer sealed: its share, and its contribution. */
function opened() {
  const content = new Uint8Array(96).fill(1, 0, 64).fill(2, 64);
  const shares = new OpenedShares();
  shares.add(OWNER, content);
  return { shares, content };
}

test("contributions are wiped once the key is made, and the shares that were taken are not", () => {
  const { shares, content } = opened();
  const held = shares.takeShares();
  shares[Symbol.dispose]();
  expect(content).toEqual(new Uint8Array(96).fill(1, 0, 64));
  const [share] = held.maskKeyShares([OWNER]);
  expect(share?.share).toEqual(new Uint8Array(32).fill(1));
  held[Symbol.dispose]();
  expect(content).toEqual(new Uint8Array(96));
});

test("when a contribution is not what its sharer committed to, everything is wiped", () => {
  const { shares, content } = opened();
  const exchange = makeExchange(makeEncryptedConfig(IDENTITIES), IDENTITIES);
  expect(() => {
    using all = shares;
    all.keySeed(exchange);
  }).toThrow(expect.objectContaining({ code: "wrong-contribution", participantId: OWNER }));
  expect(content).toEqual(new Uint8Array(96));
});
