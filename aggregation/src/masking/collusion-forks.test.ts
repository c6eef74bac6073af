import { describe, expect, test } from "vitest";
import type { Identity } from "../identity.ts";
import type { ParticipantId, RevealedShares } from "./messages.ts";
import type { RevealingStage } from "./participant-revealing.ts";
import { ANY_THRESHOLD, CollusionRounds, only } from "./testing/collusion-rounds.ts";
import { combinations } from "./testing/combinations.ts";
import { advertise, makeVector, share, stageOf, upload } from "./testing/round.ts";

// A coordinator that lies: it shows some survivors a set with the victim in it, to get shares of its self mask, and the
// others a set without it, to get shares of its mask key. Colluders sign both. An honest participant signs one, and reveals
// when a threshold of signatures is over that one: two thresholds t within n participants, of whom c sign twice, take
// n + c >= 2 t.

const THRESHOLD = 4;

/** `bound`: 2 t - n colluders. */
const SIZES = [
  { n: 5, bound: 3, victimPlace: 1 },
  { n: 6, bound: 2, victimPlace: 3 },
];

/** What a part of the honest participants was shown. */
interface Side {
  readonly stages: ReadonlyMap<ParticipantId, RevealingStage>;
  /** What each of them reveals when enough others have signed the same. */
  readonly shares: ReadonlyMap<ParticipantId, RevealedShares>;
}

/** One way to tell the honest participants apart. */
interface Fork {
  readonly colluders: readonly Identity[];
  readonly toldAlive: readonly ParticipantId[];
  readonly toldLost: readonly ParticipantId[];
}

/** Everybody but `lost` when the coordinator shows them all uploads but that one's. */
function sideOf(rounds: CollusionRounds, lost?: ParticipantId): Side {
  const { config, identities } = rounds;
  const step = upload(share(advertise(config, identities, ANY_THRESHOLD)), (id) =>
    makeVector(config, id),
  );
  const shown = step.server.close().survivors.filter(({ participantId }) => participantId !== lost);
  const survivors = new Set(shown.map(({ participantId }) => participantId));
  const all = new Set(step.stages.keys());
  return {
    stages: new Map([...survivors].map((id) => [id, stageOf(step, id).confirm(shown)])),
    shares: rounds.roundOf({ advertisers: all, sharers: all, survivors }).revealed,
  };
}

/** What a side reveals to a coordinator that shows it the signatures of its own and the colluders'. */
function revealedBy({ stages, shares }: Side, honest: readonly ParticipantId[], fork: Fork) {
  const colluders = fork.colluders.map(({ participantId }) => participantId);
  const signers = [...honest, ...colluders];
  if (signers.length >= THRESHOLD) return only(shares, new Set(honest));
  const acks = signers.map((id) => stageOf({ server: undefined, stages }, id).ack);
  for (const id of honest) {
    const stage = stageOf({ server: undefined, stages }, id);
    expect(() => stage.reveal(acks)).toThrow(expect.objectContaining({ code: "too-few" }));
  }
  return new Map<ParticipantId, RevealedShares>();
}

function* forksOf({ identities, victim }: CollusionRounds): Generator<Fork> {
  const others = identities.filter((identity) => identity !== victim);
  for (const colluding of others.keys()) {
    for (const colluders of combinations(others, colluding)) {
      const honest = others.filter((identity) => !colluders.includes(identity));
      const ids = honest.map(({ participantId }) => participantId);
      for (const size of [...ids.keys(), ids.length]) {
        for (const toldLost of combinations(ids, size)) {
          const rest = ids.filter((id) => !toldLost.includes(id));
          yield { colluders, toldAlive: [victim.participantId, ...rest].toSorted(), toldLost };
        }
      }
    }
  }
}

describe.each(SIZES)("n = $n, t = 4, a coordinator that shows two survivor sets", (size) => {
  const rounds = new CollusionRounds(size.n, THRESHOLD, size.victimPlace);
  const victim = rounds.victim.participantId;
  const [alive, lost] = [sideOf(rounds), sideOf(rounds, victim)];
  const everybody = new Set(alive.stages.keys());
  const round = rounds.roundOf({
    advertisers: everybody,
    sharers: everybody,
    survivors: everybody,
  });

  /** What comes out of a fork, and whether both sides were large enough to reveal. */
  function outcomeOf(fork: Fork) {
    const revealed = [
      revealedBy(alive, fork.toldAlive, fork),
      revealedBy(lost, fork.toldLost, fork),
    ] as const;
    const view = {
      colluders: fork.colluders,
      sealed: round.sealed,
      uploads: round.masked,
      revealed: new Map(revealed.flatMap((shares) => [...shares])),
    };
    const coalition = rounds.coalitionOf(view, everybody);
    return { found: rounds.findingsOf(coalition, round.bare), isSum: revealed[0].size > 0 };
  }

  test(`with fewer than 2t - n = ${size.bound} colluders no way to tell survivors apart gives more than the honest sum`, () => {
    for (const fork of forksOf(rounds)) {
      if (fork.colluders.length >= size.bound) continue;
      const { found, isSum } = outcomeOf(fork);
      const honest = [...fork.toldAlive, ...fork.toldLost].toSorted().join();
      expect(found.cleanSums).toEqual(isSum ? [honest] : []);
      expect(found.bareWords).toBeLessThan(2);
    }
  });

  test(`with 2t - n = ${size.bound} colluders or more some way to tell survivors apart gives the victim's bare vector`, () => {
    const winners = new Set<readonly Identity[]>();
    const coalitions = new Set<readonly Identity[]>();
    for (const fork of forksOf(rounds)) {
      const { length } = fork.colluders;
      if (length < size.bound) continue;
      coalitions.add(fork.colluders);
      const smaller = Math.min(fork.toldAlive.length, fork.toldLost.length);
      const isFooled = smaller + length >= THRESHOLD || length >= THRESHOLD;
      const { found } = outcomeOf(fork);
      expect(found.cleanSums.includes(victim)).toBe(isFooled);
      expect(found.bareWords > 1).toBe(isFooled);
      if (isFooled) winners.add(fork.colluders);
    }
    expect(winners).toEqual(coalitions);
  });
});
