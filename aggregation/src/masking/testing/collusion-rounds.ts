import type { Identity } from "../../identity.ts";
import { addRing } from "../../vector.ts";
import type { RoundConfig } from "../config.ts";
import type { Guard } from "../guard.ts";
import type { ParticipantId } from "../messages.ts";
import { Coalition, type CoalitionView, Workshop } from "./coalition.ts";
import { type CollusionCase, STEP } from "./collusion-cases.ts";
import { combinations } from "./combinations.ts";
import { Memory } from "./memory.ts";
import { type Attendance, type ObservedRound, observeRound } from "./observed-round.ts";
import { permissiveGuard } from "./permissive-guard.ts";
import { itemAt, makeConfig, makeExchange, makeIdentities } from "./round.ts";

/** Words in which sums of stripped vectors are compared: all of the content, and some randomness. */
const HEAD_WORDS = 64;

/** More words in common than two strange vectors ever have. */
const TOO_MANY_IN_COMMON = 2;

/** The threshold may be higher than the one that the protocol has for the cohort's size: the bound moves with it. */
export const ANY_THRESHOLD: Guard = permissiveGuard("high-threshold");

/** By step: who takes part in it. */
export type Presence = Readonly<Record<keyof typeof STEP, ReadonlySet<ParticipantId>>>;

/** What a coalition makes of all that it has. */
export interface Findings {
  /**
   * The sums of stripped vectors of honest participants, the victim's among them, in which no mask is left: each as the
   * ids that are in it.
   */
  readonly cleanSums: readonly string[];
  /** In how many of its words the victim's stripped vector is its bare one. */
  readonly bareWords: number;
}

/** For tests: rounds of n participants with one victim, each played once for all coalitions that see something of it. */
export class CollusionRounds {
  readonly identities: readonly Identity[];
  readonly config: RoundConfig;
  readonly victim: Identity;
  readonly #workshops = new Memory<Workshop>();
  readonly #rounds = new Memory<ObservedRound>();
  readonly #findings = new Memory<Findings>();

  constructor(n: number, threshold: number, victimPlace: number) {
    this.identities = makeIdentities(n);
    this.config = makeConfig(this.identities, { threshold });
    this.victim = itemAt(this.identities, victimPlace);
  }

  presenceIn({ points }: CollusionCase): Presence {
    const ids = this.identities.map(({ participantId }) => participantId);
    const at = (step: number) =>
      new Set(ids.filter((id) => (points.get(id) ?? STEP.revealing) >= step));
    return {
      advertising: at(STEP.advertising),
      sharing: at(STEP.sharing),
      uploading: at(STEP.uploading),
      surviving: at(STEP.surviving),
      confirming: at(STEP.confirming),
      revealing: at(STEP.revealing),
    };
  }

  /** What the coalition of a case finds, in a round in which enough have shared for it to go on. Looks at a view once. */
  findingsIn({ colluders }: CollusionCase, present: Presence): Findings {
    const { attendance, revealing } = this.#courseOf(present);
    const who = [...Object.values(attendance), present.uploading, revealing];
    const ids = colluders.map(({ participantId }) => participantId);
    const key = [ids, ...who].map((part) => [...part].join()).join(" ");
    return this.#findings.get(key, () => {
      const { coalition, bare } = this.coalitionIn({ colluders }, present);
      return this.findingsOf(coalition, bare);
    });
  }

  /** The coalition of a case, and what was masked, by sharer. */
  coalitionIn(
    { colluders }: Pick<CollusionCase, "colluders">,
    present: Presence,
  ): { coalition: Coalition; bare: ObservedRound["bare"] } {
    const { attendance, revealing } = this.#courseOf(present);
    const { sealed, bare, masked, revealed } = this.roundOf(attendance);
    const view = {
      colluders,
      sealed,
      uploads: only(masked, present.uploading),
      revealed: only(revealed, revealing),
    };
    return { coalition: this.coalitionOf(view, present.advertising), bare };
  }

  /** The honest round that these attend. */
  roundOf(attendance: Attendance): ObservedRound {
    const key = Object.values(attendance)
      .map((ids) => [...ids].join())
      .join(" ");
    return this.#rounds.get(key, () =>
      observeRound(this.config, this.identities, attendance, ANY_THRESHOLD),
    );
  }

  /** A coalition with this view, under the key book of these. */
  coalitionOf(view: CoalitionView, advertisers: ReadonlySet<ParticipantId>): Coalition {
    const workshop = this.#workshops.get([...advertisers].join(), () => {
      const present = this.identities.filter(({ participantId }) => advertisers.has(participantId));
      return new Workshop(makeExchange(this.config, present, ANY_THRESHOLD));
    });
    return new Coalition(workshop, view);
  }

  /** What a coalition finds. `bare`: what was masked, by sharer. */
  findingsOf(coalition: Coalition, bare: ReadonlyMap<ParticipantId, Uint32Array>): Findings {
    const victim = this.victim.participantId;
    const stripped = new Map(coalition.victims.map((id) => [id, coalition.strip(id)]));
    const others = coalition.victims.filter((id) => id !== victim);
    const isClean = (ids: readonly ParticipantId[]) => {
      const common = wordsInCommon(sumOfHeads(ids, stripped), sumOfHeads(ids, bare));
      return common > TOO_MANY_IN_COMMON;
    };
    const sums = Array.from({ length: others.length + 1 }, (_, size) => combinations(others, size))
      .flat()
      .map((chosen) => [victim, ...chosen].toSorted())
      .filter(isClean);
    return {
      cleanSums: sums.map((ids) => ids.join()),
      bareWords: wordsInCommon(ofId(stripped, victim), ofId(bare, victim)),
    };
  }

  /** Survivors are asked to reveal when a threshold of them has confirmed; if not, who survived makes no difference. */
  #courseOf(present: Presence) {
    const { advertising: advertisers, sharing: sharers, confirming } = present;
    const isAsked = confirming.size >= this.config.threshold;
    const survivors = isAsked ? present.surviving : sharers;
    const revealing = isAsked ? present.revealing : new Set<ParticipantId>();
    return { attendance: { advertisers, sharers, survivors }, revealing };
  }
}

function wordsInCommon(a: Uint32Array, b: Uint32Array): number {
  let common = 0;
  for (let i = 0; i < a.length; i++) common += a[i] === b[i] ? 1 : 0;
  return common;
}

function sumOfHeads(
  ids: readonly ParticipantId[],
  vectors: ReadonlyMap<ParticipantId, Uint32Array>,
): Uint32Array {
  const sum = new Uint32Array(HEAD_WORDS);
  for (const id of ids) addRing(sum, ofId(vectors, id).subarray(0, HEAD_WORDS));
  return sum;
}

/** The value of somebody who must have one. */
export function ofId<V>(values: ReadonlyMap<ParticipantId, V>, id: ParticipantId): V {
  const value = values.get(id);
  if (value === undefined) throw new Error(`nothing is there of ${id}`);
  return value;
}

/** The values of these ids. */
export function only<V>(
  values: ReadonlyMap<ParticipantId, V>,
  ids: ReadonlySet<ParticipantId>,
): Map<ParticipantId, V> {
  return new Map([...values].filter(([id]) => ids.has(id)));
}
