import { expect, test } from "vitest";
import type { ParticipantId } from "./messages.ts";
import { permissiveGuard } from "./testing/permissive-guard.ts";
import {
  advertise,
  confirm,
  itemAt,
  makeConfig,
  makeExchange,
  makeIdentities,
  makeVector,
  share,
  stageOf,
  upload,
} from "./testing/round.ts";

// Twelve participants with four neighbours each, of whom four of five holders rebuild a secret. The coordinator tells the
// first of enough others in the whole round, but not of enough in its neighbourhood. Elsewhere a graph so small is refused.
const GUARD = permissiveGuard("wrong-degree", "low-threshold");
const IDENTITIES = makeIdentities(12);
const CONFIG = makeConfig(IDENTITIES, { degree: 4, threshold: 4 });
const EXCHANGE = makeExchange(CONFIG, IDENTITIES, GUARD);
const SELF = itemAt(EXCHANGE.participants, 0);
const NEIGHBOURS = EXCHANGE.neighboursOf(SELF);

const tooFew = expect.objectContaining({ code: "too-few", got: 3, wanted: 4 });
const vectorOf = (id: ParticipantId) => makeVector(CONFIG, id);
const shared = () => share(advertise(CONFIG, IDENTITIES, GUARD));
/** Everybody but so many of the participant's neighbours. */
const lacking = (neighbours: number) => {
  const missing = new Set(NEIGHBOURS.slice(0, neighbours));
  return (id: ParticipantId) => !missing.has(id);
};

test("sharers that are enough in the round but not around a participant get no masked vector of it", () => {
  const step = shared();
  const { sharers, ...collection } = openCollection(step);
  const stage = stageOf(step, SELF);
  const open = (isThere: (id: ParticipantId) => boolean) =>
    stage.openShares(
      sharers.filter(isThere),
      collection.sealed.filter(({ from }) => isThere(from)),
    );
  expect(() => open(lacking(2))).toThrow(tooFew);
  expect(() => open(lacking(1))).not.toThrow();
});

function openCollection(step: ReturnType<typeof shared>) {
  const collection = step.server.close();
  return { sharers: collection.sharers, sealed: collection.sealedSharesFor(SELF) };
}

test("survivors that are enough in the round but not around a participant are not signed by it", () => {
  const step = upload(shared(), vectorOf);
  const { survivors } = step.server.close();
  const confirmWith = (isThere: (id: ParticipantId) => boolean) =>
    stageOf(step, SELF).confirm(survivors.filter(({ participantId }) => isThere(participantId)));
  expect(() => confirmWith(lacking(2))).toThrow(tooFew);
  expect(() => confirmWith(lacking(1))).not.toThrow();
});

test("signatures that are enough in the round but not around a participant get no share of it", () => {
  const step = confirm(upload(shared(), vectorOf));
  const { acks } = step.server.close();
  const revealTo = (isThere: (id: ParticipantId) => boolean) =>
    stageOf(step, SELF).reveal(acks.filter(({ participantId }) => isThere(participantId)));
  expect(() => revealTo(lacking(2))).toThrow(tooFew);
  expect(() => revealTo(lacking(1))).not.toThrow();
});

test("a key book that lacks more of a large cohort than its graph was found for is refused by both sides", () => {
  // A tenth of twelve is one: the threshold and the survivors would be content with four.
  const step = advertise(CONFIG, IDENTITIES.slice(0, 10), GUARD);
  const book = [...step.stages.values()].map(({ advertisement }) => advertisement);
  const tooMany = expect.objectContaining({ code: "too-few", got: 10, wanted: 11 });
  expect(() => step.server.close()).toThrow(tooMany);
  expect(() => itemAt([...step.stages.values()], 0).openKeyBook(book)).toThrow(tooMany);
  expect(() => advertise(CONFIG, IDENTITIES.slice(0, 11), GUARD).server.close()).not.toThrow();
});

test("in a complete graph a threshold of survivors is signed, and one fewer is not", () => {
  const identities = makeIdentities(6);
  const config = makeConfig(identities);
  const step = upload(share(advertise(config, identities)), (id) => makeVector(config, id));
  const { survivors } = step.server.close();
  const stage = stageOf(step, itemAt(survivors, 0).participantId);
  expect(config.threshold).toBe(4);
  expect(() => stage.confirm(survivors.slice(0, 3))).toThrow(tooFew);
  expect(() => stage.confirm(survivors.slice(0, 4))).not.toThrow();
});

test("sharers that are a threshold but fewer than minSurvivors get no masked vector", () => {
  const identities = makeIdentities(6);
  const config = makeConfig(identities, { minSurvivors: 5 });
  const step = share(advertise(config, identities));
  const collection = step.server.close();
  const [self, ...others] = collection.sharers;
  if (self === undefined) throw new Error("nobody shared");
  const open = (count: number) => {
    const peers = others.slice(0, count - 1);
    const sealed = collection.sealedSharesFor(self).filter(({ from }) => peers.includes(from));
    return stageOf(step, self).openShares([self, ...peers], sealed);
  };
  expect(() => open(4)).toThrow(expect.objectContaining({ code: "too-few", got: 4, wanted: 5 }));
  expect(() => open(5)).not.toThrow();
});
