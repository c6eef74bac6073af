import type { ParticipantId } from "@chorus/aggregation";
import {
  checkHandover,
  checkSealedModel,
  type Handover,
  type HandoverBinding,
  type ModelRequest,
  type SealedModel,
} from "@chorus/aggregation/he";
import { RoundError } from "./error.ts";
import type { CohortMember, RoundFacts } from "./facts.ts";
import type { Departures } from "./gathering.ts";

/** What a participant needs to get the model. */
export interface HandedModel {
  readonly sealed: Uint8Array;
  readonly handover: Handover;
}

/**
 * How the model of an encrypted run reaches those of a cohort who lack it: one of the others, the giver, hands it over,
 * sealed. Should the giver leave before, it is another one's turn.
 */
export class ModelHandover {
  /** By who asked. */
  readonly requests: ReadonlyMap<ParticipantId, ModelRequest>;
  readonly #binding: HandoverBinding;
  /** Who has the model, in the order in which they are asked. */
  readonly #owners: readonly CohortMember[];
  readonly #left: Departures;
  /** What each of those who asked is told; empty until the model has come. */
  readonly #handed = new Map<ParticipantId, HandedModel>();

  /** `members`: the cohort, in random order. */
  constructor(
    facts: RoundFacts,
    members: readonly CohortMember[],
    requests: ReadonlyMap<ParticipantId, ModelRequest>,
    left: Departures,
  ) {
    this.requests = requests;
    this.#binding = bindingOf(facts);
    this.#owners = members.filter(({ participantId }) => !requests.has(participantId));
    this.#left = left;
  }

  /** Who is to hand the model over now; undefined when nobody has to, or nobody is left who could. */
  get giver(): ParticipantId | undefined {
    return this.#isPending ? this.#owner?.participantId : undefined;
  }

  /** Whether somebody asked for the model, and all who had it have left. */
  get isLost(): boolean {
    return this.#isPending && this.#owner === undefined;
  }

  /** Whether a participant still lacks the model. */
  isWaiting(participantId: ParticipantId): boolean {
    return this.#isPending && this.requests.has(participantId);
  }

  /** What has come for a participant that asked; undefined for everybody else, and before. */
  for(participantId: ParticipantId): HandedModel | undefined {
    return this.#handed.get(participantId);
  }

  /** Throws {@link RoundError} `unasked-handover` unless this participant is to hand the model over now. */
  requireGiver(participantId: ParticipantId): void {
    if (participantId !== this.giver)
      throw new RoundError("unasked-handover", `${participantId} is not asked for the model`);
  }

  /**
   * Takes the model. Throws {@link RoundError} `unasked-handover`; `wrong-handover` unless it is for exactly those who asked;
   * HandoverError unless the giver has signed each answer and these bytes. Whether they are the model, those who asked see.
   */
  take(from: ParticipantId, { sealed, handovers }: SealedModel): void {
    this.requireGiver(from);
    const addressees = new Set(handovers.map(({ to }) => to));
    if (handovers.length !== this.requests.size || addressees.size !== this.requests.size)
      throw new RoundError(
        "wrong-handover",
        `the model is for ${handovers.length} participants, ${this.requests.size} asked for it`,
      );
    for (const { to, handover } of handovers) this.#check(from, to, handover, sealed);
    for (const { to, handover } of handovers) this.#handed.set(to, { sealed, handover });
  }

  #check(from: ParticipantId, to: ParticipantId, handover: Handover, sealed: Uint8Array): void {
    const request = this.requests.get(to);
    if (request === undefined || handover.participantId !== from)
      throw new RoundError("wrong-handover", `what ${from} says for ${to} answers no request`);
    checkHandover(this.#binding, request, handover);
    checkSealedModel(handover, sealed);
  }

  get #isPending(): boolean {
    return this.requests.size > 0 && this.#handed.size === 0;
  }

  get #owner(): CohortMember | undefined {
    return this.#owners.find(({ participantId }) => !this.#left.has(participantId));
  }
}

/** What requests for a round's model and the answers to them are bound to. */
export function bindingOf(facts: RoundFacts): HandoverBinding {
  const { federationId, runId, round, roundId, parentModelHash: modelHash } = facts;
  return { federationId, runId, round, roundId, modelHash };
}
