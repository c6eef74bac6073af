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

/**
 * How the model of an encrypted run reaches those of a cohort who lack it: one of the others, the giver, hands it over,
 * sealed. Should the giver leave before, or take too long, it is another one's turn.
 */
export class ModelHandover implements Disposable {
  /** By who asked. */
  readonly requests: ReadonlyMap<ParticipantId, ModelRequest>;
  readonly #binding: HandoverBinding;
  /** Who has the model, in the order in which they are asked. */
  readonly #owners: readonly CohortMember[];
  readonly #left: Departures;
  /** Owners who were asked and took too long. What they hand over is taken if it is the first that comes. */
  readonly #passedOver = new Set<ParticipantId>();
  /** What each of those who asked is told; empty until the model has come. */
  readonly #handed = new Map<ParticipantId, Handover>();
  /** The sealed model that has come, while somebody needs it. */
  #sealed: Uint8Array | undefined;
  readonly #memory = new DisposableStack();

  /** `members`: the cohort, in the order in which they are asked. */
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
    return this.#isPending ? this.#turns[0] : undefined;
  }

  /** Whether there is somebody whose turn it is after the giver's. */
  get hasNext(): boolean {
    return this.#turns.length > 1;
  }

  /** Whether somebody needs the model, and all who had it have left or taken too long. */
  get isLost(): boolean {
    return this.#isPending && this.#turns.length === 0;
  }

  /** Who has the model and has not left. */
  get owners(): readonly ParticipantId[] {
    return this.#owners.map((owner) => owner.participantId).filter((id) => !this.#left.has(id));
  }

  /** Whose turn is over, who are still here, and from whom the model has not come. */
  get silent(): readonly ParticipantId[] {
    return this.owners.filter((id) => this.#passedOver.has(id) && id !== this.from);
  }

  /** From whom the model has come; undefined before. */
  get from(): ParticipantId | undefined {
    const [handover] = this.#handed.values();
    return handover?.participantId;
  }

  /** The giver has had its time: it is the next one's turn. */
  passOver(): void {
    const { giver } = this;
    if (giver !== undefined) this.#passedOver.add(giver);
  }

  /** Whether a participant still lacks the model. */
  isWaiting(participantId: ParticipantId): boolean {
    return this.#isPending && this.requests.has(participantId);
  }

  /** What has come for a participant that asked; undefined for everybody else, and before. */
  for(participantId: ParticipantId): Handover | undefined {
    return this.#handed.get(participantId);
  }

  /** The model, sealed for a participant that asked; undefined for everybody else, before, and when nobody needs it any more. */
  sealedFor(participantId: ParticipantId): Uint8Array | undefined {
    return this.#handed.has(participantId) ? this.#sealed : undefined;
  }

  /**
   * Whether this participant is waited for, or its model would still be of use; false where another one's has come meanwhile.
   * Throws {@link RoundError} `unasked-handover` for one whose turn it never was.
   */
  isWantedFrom(participantId: ParticipantId): boolean {
    const isAsked = this.#turns[0] === participantId || this.#passedOver.has(participantId);
    if (!isAsked || this.requests.size === 0)
      throw new RoundError("unasked-handover", `${participantId} is not asked for the model`);
    return this.#isPending;
  }

  /**
   * Takes the model, and its memory, unless it is not wanted any more. Throws {@link RoundError} `unasked-handover`;
   * `wrong-handover` unless it is for exactly those who asked; HandoverError unless the giver has signed each answer and
   * these bytes. Whether they are the model, those who asked see.
   */
  take(from: ParticipantId, { sealed, handovers }: SealedModel, memory: DisposableStack): void {
    const isWanted = this.isWantedFrom(from);
    const addressees = new Set(handovers.map(({ to }) => to));
    if (handovers.length !== this.requests.size || addressees.size !== this.requests.size)
      throw new RoundError(
        "wrong-handover",
        `the model is for ${handovers.length} participants, ${this.requests.size} asked for it`,
      );
    for (const { to, handover } of handovers) this.#check(from, to, handover, sealed);
    if (!isWanted) return;
    for (const { to, handover } of handovers) this.#handed.set(to, handover);
    this.#sealed = sealed;
    this.#memory.use(memory.move());
  }

  /** Gives the model's memory back as soon as all who asked for it have trained or left. */
  settle(trained: ReadonlySet<ParticipantId>): void {
    if (this.#here.every((id) => trained.has(id))) this.#free();
  }

  /** Training has ended. Whoever was to hand the model over has not. */
  [Symbol.dispose](): void {
    this.passOver();
    this.#free();
  }

  #free(): void {
    this.#sealed = undefined;
    this.#memory.dispose();
  }

  #check(from: ParticipantId, to: ParticipantId, handover: Handover, sealed: Uint8Array): void {
    const request = this.requests.get(to);
    if (request === undefined || handover.participantId !== from)
      throw new RoundError("wrong-handover", `what ${from} says for ${to} answers no request`);
    checkHandover(this.#binding, request, handover);
    checkSealedModel(handover, sealed);
  }

  get #isPending(): boolean {
    return this.#handed.size === 0 && this.#here.length > 0;
  }

  /** Who asked and has not left. */
  get #here(): readonly ParticipantId[] {
    return [...this.requests.keys()].filter((id) => !this.#left.has(id));
  }

  /** Who can still be asked, the giver first. */
  get #turns(): readonly ParticipantId[] {
    return this.owners.filter((id) => !this.#passedOver.has(id));
  }
}

/** What requests for a round's model and the answers to them are bound to. */
export function bindingOf(facts: RoundFacts): HandoverBinding {
  const { federationId, runId, round, roundId } = facts;
  const { parentModelHash: modelHash, parentStateHash: stateHash } = facts;
  return { federationId, runId, round, roundId, modelHash, stateHash };
}
