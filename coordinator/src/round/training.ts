import { type Hash, KeyAdvertising, type ParticipantId } from "@chorus/aggregation";
import type { SealedModel } from "@chorus/aggregation/he";
import { AdvertisingKeys } from "./advertising-keys.ts";
import { Assembling } from "./assembling.ts";
import { Abandoned } from "./ended.ts";
import { RoundError } from "./error.ts";
import type { CohortMember, RoundFacts } from "./facts.ts";
import type { Departures, Elapsed } from "./gathering.ts";
import type { Instruction } from "./instruction.ts";
import type { ModelHandover } from "./model-handover.ts";
import { roundConfigOf } from "./round-config.ts";

/** Waiting for the cohort to train. The long phase, and the one outside the masked exchange. */
export class Training extends Assembling {
  readonly phase = "training";
  readonly window = "training";
  /** To those of the cohort who lack the model. */
  readonly handover: ModelHandover;
  /** What those who have trained committed to for the masking graph's seed. */
  readonly #nonceCommitments = new Map<ParticipantId, Hash>();
  /** Whose turn it is to hand the model over, and since when, in milliseconds since the phase began. */
  #turn: { readonly giver: ParticipantId | undefined; readonly sinceMs: number };

  constructor(
    facts: RoundFacts,
    members: readonly CohortMember[],
    left: Departures,
    handover: ModelHandover,
  ) {
    super(facts, members, left);
    this.handover = handover;
    this.#turn = { giver: handover.giver, sinceMs: 0 };
  }

  /** With over-selection the round goes on without the slowest. */
  override get enough(): number {
    return Math.min(this.asked.size, this.facts.plan.roundPolicy.select);
  }

  /** Who lacks the model is asked once it was handed over. */
  instructionFor(participantId: ParticipantId): Instruction | undefined {
    const { facts, handover } = this;
    if (handover.isWaiting(participantId)) return undefined;
    const isGiver = participantId === handover.giver;
    return {
      kind: "train",
      facts,
      modelRequests: isGiver ? [...handover.requests.values()] : [],
      handover: handover.for(participantId),
    };
  }

  /** The giver may have trained already. */
  override isAsking(participantId: ParticipantId): boolean {
    return super.isAsking(participantId) || participantId === this.handover.giver;
  }

  override get isSettled(): boolean {
    return super.isSettled || this.#isHopeless;
  }

  /** Without the model those who asked for it cannot train, and the others are too few. */
  get #isHopeless(): boolean {
    return this.handover.isLost && this.handover.owners.length < this.quorum;
  }

  /** For people. */
  get #lost(): string {
    const what = this.handover.owners.length === 0 ? "is left who has" : "has handed over";
    return `nobody ${what} the model of round ${this.facts.round - 1}`;
  }

  /** When the giver leaves, another one is asked for the model. */
  override leave(participantId: ParticipantId, reason: string): readonly ParticipantId[] {
    const before = this.handover.giver;
    super.leave(participantId, reason);
    this.handover.settle(this.delivered);
    return this.#nextAfter(before);
  }

  /** As when it leaves, if somebody else can be asked: should it hand over all the same, that counts. */
  override disconnected(participantId: ParticipantId): readonly ParticipantId[] {
    const { giver, hasNext } = this.handover;
    if (participantId !== giver || !hasNext) return [];
    this.handover.passOver();
    return this.#nextAfter(giver);
  }

  /** The giver has the exchange's soft deadline, as long as another one can be asked after it; the last one the hard one. */
  override elapse(passedMs: number): Elapsed {
    const { giver, hasNext } = this.handover;
    if (giver === undefined) return super.elapse(passedMs);
    if (giver !== this.#turn.giver) this.#turn = { giver, sinceMs: passedMs };
    const { softDeadlineMs, hardDeadlineMs } = this.facts.plan.roundPolicy;
    const turnMs = (hasNext ? softDeadlineMs : hardDeadlineMs).exchange;
    const waitMs = this.#turn.sinceMs + turnMs - passedMs;
    if (waitMs > 0) return { asked: [], waitMs };
    this.handover.passOver();
    return { asked: this.#nextAfter(giver), waitMs: this.elapse(passedMs).waitMs };
  }

  #nextAfter(before: ParticipantId | undefined): readonly ParticipantId[] {
    const { giver } = this.handover;
    return giver === before || giver === undefined ? [] : [giver];
  }

  /** Takes the model for those who lack it. Throws as `ModelHandover.take`. Returns whom the phase asks to train now. */
  handOver(
    from: ParticipantId,
    model: SealedModel,
    memory: DisposableStack,
  ): readonly ParticipantId[] {
    const waiting = this.awaited.filter((id) => this.handover.isWaiting(id));
    this.handover.take(from, model, memory);
    return waiting;
  }

  /**
   * A participant has trained; `nonceCommitment`: to its nonce for the masking graph. Throws {@link RoundError} `wrong-model` when
   * it trained another model, `no-handover` when it has said that it lacks the model, and none has come.
   */
  trained(participantId: ParticipantId, modelHash: Hash, nonceCommitment: Hash): void {
    const { parentModelHash } = this.facts;
    if (modelHash !== parentModelHash)
      throw new RoundError("wrong-model", `trained ${modelHash}, wanted ${parentModelHash}`);
    if (this.handover.isWaiting(participantId))
      throw new RoundError("no-handover", `the model for ${participantId} has not come`);
    this.#nonceCommitments.set(participantId, nonceCommitment);
    this.delivered.add(participantId);
    this.handover.settle(this.delivered);
  }

  /** Ends training: training -> advertising-keys | abandoned. Fixes the configuration that everybody signs. */
  close(): AdvertisingKeys | Abandoned {
    const { facts, left } = this;
    if (this.#isHopeless) return new Abandoned(facts, this.#lost);
    if (!this.hasQuorum)
      return new Abandoned(
        facts,
        `too few trained: ${this.delivered.size} of ${this.asked.size}, wanted ${this.quorum}`,
      );
    const cohort = this.ready.map(({ participantId, identityKey }) => {
      const nonceCommitment = this.#nonceCommitments.get(participantId) ?? "";
      return { participantId, identityKey, nonceCommitment };
    });
    const config = roundConfigOf(facts, cohort);
    return new AdvertisingKeys(facts, config, new KeyAdvertising(config), left);
  }
}
