import type { CohortMember, MaskedRoundConfig, MaskingErrorCode } from "@chorus/aggregation";
import { type Attack, type CheckedAttack, checked } from "./attack.ts";
import { LyingRound } from "./lying-round.ts";
import { DIMENSION, Member } from "./member.ts";
import { Recovery } from "./recovery.ts";

const other = "0f".repeat(32);

/** A coordinator that wants the victim's keys for another round than the one it accepted, or in another cohort. */
export const configurationFactAttacks: readonly Attack[] = [
  signing("replay a round under its old id", "wrong-round-id", () => ({ roundId: other })),
  signing("another federation's round", "wrong-federation", () => ({ federationId: other })),
  signing("another run's round", "wrong-run", () => ({ runId: other })),
  signing("a round that is over", "wrong-round", ({ round }) => ({ round: round + 1 })),
  signing("another plan", "wrong-plan", () => ({ planHash: other })),
  signing("another model size", "wrong-dimension", () => ({ dimension: DIMENSION - 1 })),
  signing("another cap of weights", "wrong-max-examples", () => ({ maxExamples: 1 })),
  signing("drop to one neighbour", "wrong-degree", () => ({ degree: 1 })),
  signing("a threshold out of reach", "high-threshold", () => ({ threshold: 6 })),
  signing("a coarser scale", "wrong-scale", ({ scaleBits }) => ({ scaleBits: scaleBits - 1 })),
  signing("an unsorted cohort", "unsorted-cohort", ({ cohort }) => ({
    cohort: cohort.toReversed(),
  })),
  signing(
    "a member listed twice",
    "duplicate-id",
    ({ cohort }) => ({ cohort: withLast(cohort, (_, before) => before) }),
    "duplicate-key",
  ),
  signing(
    "a key listed under two ids",
    "duplicate-key",
    ({ cohort }) => ({
      cohort: withLast(cohort, (last, { identityKey }) => ({ ...last, identityKey })),
    }),
    "wrong-id",
  ),
  signing(
    "a cohort without the victim",
    "not-in-cohort",
    ({ cohort }) => ({ cohort: sorted([...cohort.slice(1), new Member("puppet").listed]) }),
    "wrong-nonce-commitment",
  ),
  signing("a nonce chosen for the victim", "wrong-nonce-commitment", ({ cohort }) => ({
    cohort: cohort.map((it, i) => (i === 0 ? { ...it, nonceCommitment: other } : it)),
  })),
];

/** The attack whose goal is a signed advertisement under a configuration that was changed. */
function signing(
  name: string,
  expected: MaskingErrorCode,
  change: (config: MaskedRoundConfig) => Partial<MaskedRoundConfig>,
  ...alsoOff: readonly MaskingErrorCode[]
): Attack {
  const run: CheckedAttack["run"] = (setting) => {
    const round = new LyingRound(setting);
    round.advertise((config) => ({ ...config, ...change(config) }));
    const isSigned = round.advertisements.has(round.victim.id);
    return round.outcome(new Recovery(round).releasedBytes(), isSigned);
  };
  return checked({ name, wants: "keys signed for it", expected, alsoOff, run });
}

function withLast(
  cohort: readonly CohortMember[],
  change: (last: CohortMember, before: CohortMember) => CohortMember,
): CohortMember[] {
  const [before, last] = cohort.slice(-2);
  if (before === undefined || last === undefined) throw new RangeError("a cohort has two members");
  return [...cohort.slice(0, -1), change(last, before)];
}

function sorted(cohort: readonly CohortMember[]): CohortMember[] {
  return cohort.toSorted((a, b) => (a.participantId < b.participantId ? -1 : 1));
}
