import { expect, test } from "vitest";
import { sha256 } from "../hash.ts";
import { ExchangeContext } from "./exchange-context.ts";
import type { ParticipantId } from "./messages.ts";
import { RoundContext } from "./round-context.ts";
import { contributionCommitmentOf, roundKeySeed } from "./round-key.ts";
import { makeEncryptedConfig } from "./testing/encrypted-round.ts";
import { itemAt, makeConfig, makeExchange, makeIdentities } from "./testing/round.ts";

const IDENTITIES = makeIdentities(4);
const IDS = IDENTITIES.map(({ participantId }) => participantId);
const CONFIG = makeEncryptedConfig(IDENTITIES);

const contributionOf = (id: ParticipantId) => sha256(`contribution of ${id}`);

/** An exchange in whose key book everybody is committed to {@link contributionOf} it. */
function exchange(config = CONFIG): ExchangeContext {
  const round = new RoundContext(config);
  const keyBook = makeExchange(config, IDENTITIES).keyBook.map((entry) => ({
    ...entry,
    keyCommitment: contributionCommitmentOf(
      round,
      entry.participantId,
      contributionOf(entry.participantId),
    ),
  }));
  return new ExchangeContext(round, keyBook);
}

function contributions(ids: readonly ParticipantId[] = IDS) {
  return new Map(ids.map((id) => [id, contributionOf(id)]));
}

test("the key is SHA-256 of the exchange and every sharer's contribution, whatever order they come in", () => {
  const context = exchange();
  const all = IDS.map((id) => Buffer.concat([Buffer.from(id), contributionOf(id)]));
  const wanted = sha256("chorus/round-key", context.hash, ...all);
  expect(roundKeySeed(context, contributions())).toEqual(wanted);
  expect(roundKeySeed(context, contributions(IDS.toReversed()))).toEqual(wanted);
});

test("other sharers, and another exchange, have another key", () => {
  const context = exchange();
  const seeds = [
    roundKeySeed(context, contributions()),
    roundKeySeed(context, contributions(IDS.slice(1))),
    roundKeySeed(context, contributions(IDS.slice(0, 3))),
    roundKeySeed(exchange({ ...CONFIG, round: 2 }), contributions()),
  ];
  expect(new Set(seeds.map(String)).size).toBe(seeds.length);
});

test("a contribution to which nobody is committed, or somebody else is, makes no key", () => {
  const [first, second] = [itemAt(IDS, 0), itemAt(IDS, 1)];
  const lies = [sha256("another"), new Uint8Array(), contributionOf(second)];
  for (const lie of lies) {
    expect(() => roundKeySeed(exchange(), contributions().set(first, lie))).toThrow(
      expect.objectContaining({ code: "wrong-contribution", participantId: first }),
    );
  }
});

test("a commitment holds in one round alone, and for one participant alone", () => {
  const [round, other] = [new RoundContext(CONFIG), new RoundContext({ ...CONFIG, round: 2 })];
  const [first, second] = [itemAt(IDS, 0), itemAt(IDS, 1)];
  const contribution = contributionOf(first);
  const made = contributionCommitmentOf(round, first, contribution);
  expect(contributionCommitmentOf(other, first, contribution)).not.toEqual(made);
  expect(contributionCommitmentOf(round, second, contribution)).not.toEqual(made);
});

test("a round that is not encrypted has no key", () => {
  const context = makeExchange(makeConfig(IDENTITIES), IDENTITIES);
  expect(roundKeySeed(context, contributions())).toHaveLength(0);
});
