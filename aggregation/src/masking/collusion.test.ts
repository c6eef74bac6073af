import { describe, expect, test } from "vitest";
import { bytesOfWords, subtractRing } from "../vector.ts";
import type { ParticipantId } from "./messages.ts";
import {
  type CollusionCase,
  collusionCases,
  describeCase,
  STEP,
} from "./testing/collusion-cases.ts";
import { CollusionRounds, ofId, type Presence } from "./testing/collusion-rounds.ts";
import { itemAt } from "./testing/round.ts";
import { chiSquare, chiSquareLimit } from "./testing/statistics.ts";
import { vectorLength } from "./update-vector.ts";

// A coordinator that keeps to the protocol, with participants that hand it all their secrets; whoever else is lost. One that
// lies to survivors is the subject of collusion-forks.test.ts.

const THRESHOLD = 4;

/** `mostLost`: of the honest participants beside the victim: any number, here. */
const SIZES = [
  { n: 5, mostLost: 4, victimPlace: 2 },
  { n: 6, mostLost: 5, victimPlace: 4 },
];

/** The honest survivors, once enough survivors have revealed shares of their self masks, colluders among them. */
function exposedIn(present: Presence, { points }: CollusionCase): ParticipantId[] {
  const isRevealed = Math.min(present.confirming.size, present.revealing.size) >= THRESHOLD;
  return isRevealed ? [...present.surviving].filter((id) => points.has(id)) : [];
}

/** All cases on one side of the bound. Rounds that end before anybody uploads hold nothing to find. */
function* casesWhere(isAtBound: boolean, rounds: CollusionRounds, mostLost: number) {
  for (const which of collusionCases(rounds.identities, rounds.victim, mostLost)) {
    const present = rounds.presenceIn(which);
    if (present.sharing.size < THRESHOLD) continue;
    const exposed = exposedIn(present, which);
    const isAlone = exposed.length === 1 && exposed.includes(rounds.victim.participantId);
    const isExposed = which.colluders.length >= THRESHOLD || isAlone;
    if (isExposed !== isAtBound) continue;
    yield { which, exposed, found: rounds.findingsIn(which, present) };
  }
}

describe.each(SIZES)("n = $n, t = 4, $mostLost of the others lost or fewer", (size) => {
  const rounds = new CollusionRounds(size.n, THRESHOLD, size.victimPlace);
  const victim = rounds.victim.participantId;

  test("below the bound (3 colluders or fewer, no lone honest survivor) the honest survivors' sum comes out, or nothing", () => {
    const wrong: string[] = [];
    const seen = { sums: 0, nothing: 0 };
    for (const { which, exposed, found } of casesWhere(false, rounds, size.mostLost)) {
      const wanted = exposed.includes(victim) ? exposed.join() : "";
      // One word in 2^32 may agree by chance.
      if (found.cleanSums.join("; ") !== wanted || found.bareWords > 1) {
        wrong.push(`${describeCase(which)}: ${found.bareWords} words; ${found.cleanSums}`);
      }
      seen[wanted === "" ? "nothing" : "sums"]++;
    }
    expect(wrong).toEqual([]);
    expect(Math.min(seen.sums, seen.nothing)).toBeGreaterThan(200);
  });

  test("at the bound (4 colluders, or a sum with the victim as the only honest survivor) the bare vector comes out, byte for byte", () => {
    const wrong: string[] = [];
    const seen = { manyColluders: 0, loneSurvivor: 0 };
    for (const { which, found } of casesWhere(true, rounds, size.mostLost)) {
      const isBare = found.bareWords === vectorLength(rounds.config.dimension);
      if (!isBare || !found.cleanSums.includes(victim)) wrong.push(describeCase(which));
      seen[which.colluders.length >= THRESHOLD ? "manyColluders" : "loneSurvivor"]++;
    }
    expect(wrong).toEqual([]);
    expect(Math.min(seen.manyColluders, seen.loneSurvivor)).toBeGreaterThan(3);
  });
});

/** Five of whom three collude: the victim is lost at `point`, the one honest participant beside it stays. */
function strippedVictim(point: number) {
  const rounds = new CollusionRounds(5, THRESHOLD, 2);
  const { participantId } = rounds.victim;
  const honest = itemAt(rounds.identities, 0).participantId;
  const colluders = rounds.identities.filter((_, place) => [1, 3, 4].includes(place));
  const points = new Map([
    [participantId, point],
    [honest, STEP.revealing],
  ]);
  const present = rounds.presenceIn({ colluders, points });
  const { coalition, bare } = rounds.coalitionIn({ colluders }, present);
  const known = coalition.knownMasks(participantId).size;
  return { known, stripped: coalition.strip(participantId), bare: ofId(bare, participantId) };
}

const isUniform = (words: Uint32Array) => chiSquare(bytesOfWords(words), 256) < chiSquareLimit(256);

test("just below the bound what is left of the victim's vector looks uniform, and so does all that still hides it", () => {
  // Its self mask is left when it came too late, its mask with the other honest survivor when it did not.
  for (const point of [STEP.uploading, STEP.revealing]) {
    const { known, stripped, bare } = strippedVictim(point);
    expect(known).toBe(4);
    expect(isUniform(stripped)).toBe(true);
    subtractRing(stripped, bare);
    expect(isUniform(stripped)).toBe(true);
  }
});

// Positive control: the coalition's aim must not look uniform itself.
test("the test for uniformity sees the bare vector", () => {
  expect(isUniform(strippedVictim(STEP.revealing).bare)).toBe(false);
});
