import { participantIdOf } from "@chorus/aggregation";
import type { FollowResponse } from "@chorus/proto/v1/participant";
import type { AnswerCall, Received } from "./answer-desk.ts";
import type { ScriptedCoordinator } from "./scripted-coordinator.ts";

type Instruction = NonNullable<FollowResponse["instruction"]>;

/** All participants that have checked in, who are asked for one step after the other. */
export class Everybody {
  readonly ids: readonly string[];
  readonly #coordinator: ScriptedCoordinator;
  readonly #beforeRepeating: ((sentence: string) => Promise<unknown>) | undefined;

  /**
   * With `beforeRepeating`, every instruction is given again once that has resolved for what a participant says when the
   * step is done; both answers must be the same bytes.
   */
  constructor(
    coordinator: ScriptedCoordinator,
    beforeRepeating?: (sentence: string) => Promise<unknown>,
  ) {
    this.#coordinator = coordinator;
    this.#beforeRepeating = beforeRepeating;
    this.ids = coordinator.checkIns.map(({ identityKey }) => participantIdOf(identityKey));
  }

  /** The identity key that a participant checked in with. */
  identityKeyOf(participantId: string): Uint8Array {
    const { checkIns } = this.#coordinator;
    const own = checkIns.find(({ identityKey }) => participantIdOf(identityKey) === participantId);
    if (own === undefined) throw new Error(`${participantId} has not checked in`);
    return own.identityKey;
  }

  /** Tells everybody, or these, and returns everybody's answer. */
  async ask<Call extends AnswerCall>(
    call: Call,
    instructionFor: (participantId: string) => Instruction,
    ids: readonly string[] = this.ids,
  ): Promise<Received<Call>[]> {
    const answers = await this.#askOnce(call, instructionFor, ids);
    if (this.#beforeRepeating === undefined) return answers;
    await this.#beforeRepeating(sentences[call]);
    for (const again of await this.#askOnce(call, instructionFor, ids)) {
      const first = answers.find(({ participantId }) => participantId === again.participantId);
      if (first === undefined || Buffer.compare(first.bytes, again.bytes) !== 0)
        throw new Error(`${again.participantId} answered ${call} with other bytes than before`);
    }
    return answers;
  }

  async #askOnce<Call extends AnswerCall>(
    call: Call,
    instructionFor: (participantId: string) => Instruction,
    ids: readonly string[],
  ): Promise<Received<Call>[]> {
    for (const participantId of ids)
      this.#coordinator.tell(instructionFor(participantId), participantId);
    const answers = new Map<string, Received<Call>>();
    while (answers.size < ids.length) {
      const answer = await this.#coordinator.answers.next(call);
      answers.set(answer.participantId, answer);
    }
    return [...answers.values()];
  }
}

/** What a participant's log says when an answer has arrived. */
const sentences: Record<AnswerCall, string> = {
  acceptRound: "accepted the round",
  leaveRound: "left the round",
  handOverModel: "handed the model over",
  reportTrained: "trained",
  advertiseKeys: "advertised keys",
  shareKeys: "shared keys",
  submitUpdate: "uploaded the masked update",
  confirmSurvivors: "confirmed the survivors",
  revealShares: "revealed shares",
  reportModel: "opened the sum",
};
