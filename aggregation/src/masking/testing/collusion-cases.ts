import type { Identity } from "../../identity.ts";
import type { ParticipantId } from "../messages.ts";
import { combinations } from "./combinations.ts";

/** When a participant is lost; the coordinator may have lost it on purpose. */
export const POINTS = [
  "before advertising",
  "before sharing",
  "before its upload",
  "too late with its upload",
  "before confirming",
  "before revealing",
  "never",
] as const;

/** The first index in {@link POINTS} with which a participant takes part in a step. */
export const STEP = {
  advertising: 1,
  sharing: 2,
  uploading: 3,
  surviving: 4,
  confirming: 5,
  revealing: 6,
} as const;

/** For tests: who sides with the coordinator, and up to which point every other participant is there. */
export interface CollusionCase {
  /** They stay to the end. */
  readonly colluders: readonly Identity[];
  /** Index in {@link POINTS}, by honest participant. */
  readonly points: ReadonlyMap<ParticipantId, number>;
}

/**
 * Every choice of colluders and, of the others, every choice of points at which `mostLost` at most are lost, the victim not
 * counted. The victim uploads: otherwise there is nothing to find.
 */
export function* collusionCases(
  identities: readonly Identity[],
  victim: Identity,
  mostLost: number,
): Generator<CollusionCase> {
  const others = identities.filter((identity) => identity !== victim);
  for (let colluding = 0; colluding <= others.length; colluding++) {
    for (const colluders of combinations(others, colluding)) {
      const honest = others.filter((identity) => !colluders.includes(identity));
      for (const points of pointsOf(honest, mostLost)) {
        for (let point: number = STEP.uploading; point <= STEP.revealing; point++) {
          yield { colluders, points: new Map([...points, [victim.participantId, point]]) };
        }
      }
    }
  }
}

/** A case in words, for a failing test to print. */
export function describeCase({ colluders, points }: CollusionCase): string {
  const lost = [...points].map(([id, point]) => `${id.slice(0, 4)} lost ${POINTS[point]}`);
  const names = colluders.map(({ participantId }) => participantId.slice(0, 4));
  return `colluders ${names.join(" ") || "none"}; ${lost.join(", ")}`;
}

function* pointsOf(
  honest: readonly Identity[],
  mostLost: number,
): Generator<(readonly [ParticipantId, number])[]> {
  const [first, ...rest] = honest;
  if (first === undefined) {
    yield [];
    return;
  }
  const earliest = mostLost > 0 ? 0 : STEP.revealing;
  for (let point = earliest; point <= STEP.revealing; point++) {
    const remaining = point < STEP.revealing ? mostLost - 1 : mostLost;
    for (const others of pointsOf(rest, remaining)) yield [[first.participantId, point], ...others];
  }
}
