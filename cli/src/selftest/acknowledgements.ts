import type { MaskingErrorCode, ParticipantId, SurvivorAck } from "@chorus/aggregation";
import { signAck, survivorDigest } from "@chorus/aggregation/primitives";
import { type Attack, checked } from "./attack.ts";
import { released } from "./configuration.ts";
import { type Lie, LyingRound } from "./lying-round.ts";
import { uploaded } from "./survivors.ts";

type AckLie = Lie<readonly SurvivorAck[]>;

/**
 * A coordinator that shows everybody another survivor set. Each is a sound one, but every member other than the victim and
 * a colluder is missing in so many that a threshold takes it for a dropout. If it were not for the signatures under one and
 * the same set, the shares that come together would open the sum of these two.
 */
export const acknowledgementAttacks: readonly Attack[] = [
  split("too few acknowledgements", "too-few", () => ownAlone),
  split("one acknowledgement thrice", "duplicate-id", () => (acks, to) => {
    const own = ownAlone(acks, to) ?? [];
    return [...own, ...own, ...own];
  }),
  split("others' over theirs", "bad-signature", ofSet),
  split("forged acknowledgements", "bad-signature", (round) => (acks, to) => {
    const claimed = ofSet(round)(acks, to) ?? [];
    const forged = (ack: SurvivorAck) => ({ ...ack, signature: new Uint8Array(64).fill(7) });
    return claimed.map((ack) => (ack.participantId === to ? ack : forged(ack)));
  }),
  split("stale acknowledgements", "bad-signature", (round) => {
    const earlier = uploaded(new LyingRound(round.setting, { exchange: 2, colluders: 2 }));
    earlier.confirm();
    const stale = [...earlier.acks.values()].flat();
    return (acks, to) => ofSet(round)(stale, to) ?? acks;
  }),
  split("acknowledged by no survivors", "unknown-participant", (round) => {
    return (acks, to) => [...(ownAlone(acks, to) ?? []), ...colludersOver(round, to)];
  }),
];

/** The attack whose goal is the sum of the victim and a colluder, by telling what others have signed. */
function split(
  how: string,
  expected: MaskingErrorCode,
  lieOf: (round: LyingRound) => AckLie,
): Attack {
  return checked({
    name: `different survivor sets: ${how}`,
    wants: "the sum of the victim and a colluder",
    expected,
    run(setting) {
      const round = uploaded(new LyingRound(setting, { colluders: 2 }));
      round.confirm((survivors, to) => {
        const shown = setShownTo(round, to);
        return survivors.filter(({ participantId }) => shown.includes(participantId));
      });
      round.reveal(lieOf(round));
      return released(round);
    },
  });
}

/** The victim, one colluder, and the member itself; to the victim and the colluders, one more. */
function setShownTo({ victim, colluders, others }: LyingRound, to: ParticipantId): ParticipantId[] {
  const both = [victim.id, ...colluders.slice(0, 1).map(({ id }) => id)];
  const [first, second] = others.map(({ id }) => id);
  if (to === victim.id && first !== undefined) return [...both, first];
  if (both.includes(to) && second !== undefined) return [...both, second];
  return [...both, to];
}

const ownAlone: AckLie = (acks, to) => acks.filter(({ participantId }) => participantId === to);

/** What those in the set that a member was shown have signed, whatever it was. */
function ofSet(round: LyingRound): AckLie {
  return (acks, to) => {
    const shown = setShownTo(round, to);
    return acks.filter(({ participantId }) => shown.includes(participantId));
  };
}

/** The colluders' signatures over the set that a member was shown: they sign anything. */
function colludersOver(round: LyingRound, to: ParticipantId): SurvivorAck[] {
  const context = round.views.get(to);
  if (context === undefined) return [];
  const shown = setShownTo(round, to);
  const uploads = [...round.uploads.values()].map(({ upload }) => upload);
  const set = uploads.filter(({ participantId }) => shown.includes(participantId));
  const digest = survivorDigest(context, set);
  return round.colluders
    .filter(({ id }) => id !== to)
    .map(({ identity }) => signAck(identity, context, digest));
}
