import { createHash } from "node:crypto";
import fc from "fast-check";
import { expect, test } from "vitest";
import { bytesOfHex, hexOf } from "../hex.ts";
import { advertisementBytes } from "./advertisement.ts";
import { configHash } from "./config.ts";
import { ExchangeContext, exchangeHashOf } from "./exchange-context.ts";
import { RoundContext } from "./round-context.ts";
import { permissiveGuard } from "./testing/permissive-guard.ts";
import { makeConfig, makeExchange, makeIdentities } from "./testing/round.ts";

const IDENTITIES = makeIdentities(12);
const SPARSE = makeConfig(IDENTITIES, { degree: 4, threshold: 3 });
const GUARD = permissiveGuard("wrong-degree", "low-threshold");
const CONFIG = makeConfig(IDENTITIES);

test("the exchange hash is the SHA-256 that the protocol names, whatever the order of the key book", () => {
  const exchange = makeExchange(CONFIG, IDENTITIES);
  const wanted = createHash("sha256").update("chorus/exchange");
  wanted.update(bytesOfHex(configHash(CONFIG)));
  for (const entry of exchange.keyBook) wanted.update(advertisementBytes(entry));
  expect(hexOf(exchange.hash)).toBe(wanted.digest("hex"));
  const backwards = new ExchangeContext(new RoundContext(CONFIG), exchange.keyBook.toReversed());
  expect(backwards.hash).toEqual(exchange.hash);
});

test("every byte of every advertisement is in the exchange hash, the signature's as well", () => {
  const { round, keyBook, hash } = makeExchange(CONFIG, IDENTITIES);
  const fields = [
    "encryptionKey",
    "maskKey",
    "selfMaskCommitment",
    "graphNonce",
    "signature",
  ] as const;
  const changes = fc.record({
    place: fc.nat({ max: keyBook.length - 1 }),
    field: fc.constantFrom(...fields),
    byte: fc.nat({ max: 31 }),
  });
  fc.assert(
    fc.property(changes, ({ place, field, byte }) => {
      const changed = keyBook.map((entry, i) =>
        i === place
          ? {
              ...entry,
              [field]: entry[field].map((value, at) => (at === byte ? value ^ 1 : value)),
            }
          : entry,
      );
      expect(exchangeHashOf(round.hash, changed)).not.toEqual(hash);
    }),
  );
});

test("one nonce decides the ring: another key book, another graph", () => {
  const whole = makeExchange(SPARSE, IDENTITIES, GUARD);
  const lacking = makeExchange(SPARSE, IDENTITIES.slice(0, 11), GUARD);
  const changed = lacking.participants.filter(
    (id) => String(whole.neighboursOf(id)) !== String(lacking.neighboursOf(id)),
  );
  // With the same ring, only the four neighbours of the missing one would have others.
  expect(changed.length).toBeGreaterThan(4);
});

test("Shamir coordinates of a secret's holders are distinct and 1 to degree + 1, the owner's 1", () => {
  for (const exchange of [
    makeExchange(SPARSE, IDENTITIES, GUARD),
    makeExchange(CONFIG, IDENTITIES),
  ]) {
    const { degree } = exchange.config;
    for (const owner of exchange.participants) {
      const holders = exchange.participants.filter((id) => exchange.isHolder(owner, id));
      expect(holders).toHaveLength(degree + 1);
      const indices = holders.map((id) => exchange.shareIndexOf(owner, id));
      expect(new Set(indices).size).toBe(degree + 1);
      expect(Math.max(...indices)).toBeLessThanOrEqual(2 * Math.ceil(degree / 2) + 1);
      expect(exchange.shareIndexOf(owner, owner)).toBe(1);
    }
  }
});
