import type { KeyAdvertisement, MaskedRoundConfig } from "@chorus/aggregation";
import { RoundContext, signAdvertisement } from "@chorus/aggregation/primitives";
import { type Attack, checked, type Outcome } from "./attack.ts";
import { released } from "./configuration.ts";
import { advertisementOf, type Forger, forgedKeys, forgerOf, withKeys } from "./forgery.ts";
import { lawless } from "./lawless.ts";
import { type Lie, LyingRound } from "./lying-round.ts";
import { Member } from "./member.ts";
import { Recovery } from "./recovery.ts";

/** A coordinator that substitutes keys or people. */
export const keyBookAttacks: readonly Attack[] = [
  checked({
    name: "man in the middle: own keys for everybody",
    wants: "every share of the victim's secrets",
    expected: "bad-signature",
    run(setting) {
      const round = new LyingRound(setting);
      const keys = new Map(round.members.map(({ id }) => [id, forgedKeys(id)]));
      round.advertise();
      round.shareKeys((book, to) =>
        book.map((entry) => {
          const forged = keys.get(entry.participantId);
          return entry.participantId === to || !forged ? entry : withKeys(entry, forged);
        }),
      );
      return released(round, new Recovery(round, [...keys.values()]));
    },
  }),
  checked({
    name: "substitute one participant's keys",
    wants: "one share of the victim's secrets",
    expected: "bad-signature",
    run(setting) {
      const round = new LyingRound(setting);
      const [target] = round.others;
      const forged = forgedKeys("one");
      round.advertise();
      round.shareKeys(
        toVictim(round, (book) =>
          book.map((it) => (it.participantId === target?.id ? withKeys(it, forged) : it)),
        ),
      );
      return reading(round, new Recovery(round, [forged]));
    },
  }),
  checked({
    name: "forge the roster: own keys under members' ids",
    wants: "every share of the victim's secrets",
    expected: "wrong-id",
    run(setting) {
      const round = new LyingRound(setting);
      const forgers = new Map(round.others.map((it) => [it.id, forgerOf(it)]));
      const cohort = round.config.cohort.map((it) => forgers.get(it.participantId)?.listed ?? it);
      const config: MaskedRoundConfig = { ...round.config, cohort };
      const forged = new RoundContext(config, lawless);
      round.advertise(toVictim(round, () => config));
      round.shareKeys(
        toVictim(round, (book) =>
          book.map((it) => forgedEntry(forgers.get(it.participantId), forged, it)),
        ),
      );
      const keys = [...forgers.values()].map((forger) => forger.keys);
      return released(round, new Recovery(round, keys));
    },
  }),
  checked({
    name: "fork the roster: puppets, for the victim alone",
    wants: "shares that puppets can read",
    expected: "bad-signature",
    run(setting) {
      const round = new LyingRound(setting);
      const puppets = [new Member("puppet 0"), new Member("puppet 1")];
      const kept = [round.victim, ...round.others.slice(puppets.length)];
      const cohort = byId([...kept, ...puppets].map(({ listed }) => listed));
      const forked: MaskedRoundConfig = { ...round.config, cohort };
      round.advertise(toVictim(round, () => forked));
      const added = puppets.map((it) => advertisementOf(it, forked, round.exchange));
      const isThere = ({ participantId }: KeyAdvertisement) =>
        cohort.some((it) => it.participantId === participantId);
      round.shareKeys(toVictim(round, (book) => byId([...book, ...added].filter(isThere))));
      const keys = puppets.map((it) => it.keysOf(round.exchange));
      return reading(round, new Recovery(round, keys));
    },
  }),
  checked({
    name: "replay an advertisement of an earlier round",
    wants: "a mask key that was rebuilt in that round",
    expected: "bad-signature",
    run(setting) {
      const round = new LyingRound(setting, { exchange: 2 });
      const [target = round.victim] = round.others;
      const old = advertisementOf(target, new LyingRound(setting).config, 1);
      round.advertise();
      round.shareKeys(
        toVictim(round, (book) => book.map((it) => (it.participantId === target.id ? old : it))),
      );
      return reading(round, new Recovery(round, [target.keysOf(1)]));
    },
  }),
];

/** A lie to the victim; the others are told the truth. */
export function toVictim<T>({ victim }: LyingRound, lie: (honest: T) => T): Lie<T> {
  return (honest, to) => (to === victim.id ? lie(honest) : honest);
}

/** The outcome of an attack whose goal is to read a share that the victim sealed. */
export function reading(round: LyingRound, recovery: Recovery): Outcome {
  const isRead = recovery.readShares(round.victim.id).length > 0;
  return round.outcome(recovery.releasedBytes(), isRead);
}

function forgedEntry(
  forger: Forger | undefined,
  context: RoundContext,
  entry: KeyAdvertisement,
): KeyAdvertisement {
  if (forger === undefined) return entry;
  return signAdvertisement(forger.identity, context, withKeys(entry, forger.keys));
}

function byId<T extends { readonly participantId: string }>(items: readonly T[]): T[] {
  return items.toSorted((a, b) => (a.participantId < b.participantId ? -1 : 1));
}
