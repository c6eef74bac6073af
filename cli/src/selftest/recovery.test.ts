import { openCommitmentScheme } from "@chorus/aggregation";
import {
  MaskSet,
  type MaskStream,
  pairwiseMask,
  selfMask,
  strictGuard,
} from "@chorus/aggregation/primitives";
import { expect, test } from "vitest";
import type { ReleasedBytes } from "./attack.ts";
import { DIMENSION } from "./member.ts";
import { type Loot, Recovery } from "./recovery.ts";
import { ServedRound } from "./served-round.ts";

const round = new ServedRound({ guard: strictGuard, scheme: openCommitmentScheme() }).play();
const { victim, members, exchange, views, bare, sealed, uploads, revealed, published } = round;
const others = members.filter((it) => it !== victim);

/** What attackers have who have nothing at all. */
const nothing: Loot = {
  victim,
  colluders: [],
  known: [],
  exchange,
  views,
  sealed: [],
  uploads: new Map(),
  revealed: [],
  bare,
};

const vector = 4 * DIMENSION;
const bothHalves = 64;

function released(loot: Partial<Loot>): ReleasedBytes {
  return new Recovery({ ...nothing, ...loot }).releasedBytes();
}

test("of an honest round neither the coordinator alone, nor with a colluder, can work out a byte", () => {
  expect(new Recovery(round).releasedBytes()).toBe(0);
  expect(released({ sealed, uploads, revealed, published })).toBe(0);
  expect(published).toBeDefined();
});

test("a published sum is the victim's vector to who knows all others', and to nobody else", () => {
  expect(released({ published, known: others })).toBe(vector);
  expect(released({ published, known: others.slice(1) })).toBe(0);
});

test("so is what was uploaded when the self masks are revealed, though nobody publishes its sum", () => {
  expect(released({ uploads, revealed, known: others })).toBe(vector);
  expect(released({ uploads, known: others })).toBe(0);
});

test("all who hold shares can rebuild both halves of what the victim sealed, and take its masks off", () => {
  expect(released({ sealed, colluders: others })).toBe(bothHalves);
  expect(released({ sealed, uploads, colluders: others })).toBe(bothHalves + vector);
  expect(released({ sealed, uploads, colluders: others.slice(2) })).toBe(0);
});

test("who has opened no key book has nothing that could be worked out", () => {
  expect(released({ sealed, uploads, revealed, published, views: new Map() })).toBeNull();
});

test("without its masks, or under masks of a kind that the attackers know, an upload is the vector", () => {
  const context = views.get(victim.id);
  const own = uploads.get(victim.id);
  const words = bare.get(victim.id);
  const colluders = others.slice(-1);
  const [{ id: peer } = victim] = colluders;
  if (context === undefined || own === undefined || words === undefined)
    throw new Error("the victim has uploaded");
  const under = (...masks: MaskStream[]) => {
    const masked = words.slice();
    new MaskSet(masks).applyTo(masked);
    return new Map([...uploads, [victim.id, { ...own, masked }]]);
  };
  const seed = new Uint8Array(32);
  const keys = victim.keysOf(exchange);
  keys.withSelfMaskSeed((it) => seed.set(it));
  const self = selfMask(context, seed, victim.id, "put-on");
  using secret = keys.mask.agree(peer, context.entryOf(peer).maskKey);
  const pairwise = pairwiseMask(context, secret, victim.id, peer, "put-on");
  for (const uploaded of [under(), under(self), under(pairwise), under(self, pairwise)])
    expect(released({ uploads: uploaded, revealed, colluders })).toBe(vector);
  expect(released({ uploads: under(self), colluders })).toBe(0);
  expect(released({ uploads: under(pairwise), revealed })).toBe(0);
});
