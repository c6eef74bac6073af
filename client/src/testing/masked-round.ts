import {
  bytesToHex,
  hexToBytes,
  KeyAdvertising,
  participantIdOf,
  type RoundConfig,
  scaleBitsFor,
  serialiseRoundConfig,
  thresholdFor,
  wordsOfBytes,
} from "@chorus/aggregation";
import type { CheckInRequest, FollowResponse } from "@chorus/proto/v1/participant";
import type { AnswerCall, Received } from "./answer-desk.ts";
import { FEDERATION_ID, type ScriptedCoordinator } from "./scripted-coordinator.ts";
import {
  invitation,
  LAYOUT,
  MODEL_HASH,
  PLAN,
  PLAN_HASH,
  ROUND_ID,
  RUN_ID,
  train,
} from "./tiny-round.ts";

type Instruction = NonNullable<FollowResponse["instruction"]>;

/** The configuration of {@link offer}'s round for participants that have checked in. */
export function configFor(
  checkIns: readonly Pick<CheckInRequest, "identityKey">[],
  changes: Partial<RoundConfig> = {},
): RoundConfig {
  const cohort = checkIns
    .map(({ identityKey }) => ({
      participantId: participantIdOf(identityKey),
      identityKey: bytesToHex(identityKey, 32),
    }))
    .toSorted((a, b) => (a.participantId < b.participantId ? -1 : 1));
  const { clippingNorm, maxExamples } = PLAN.protection;
  return {
    protocol: "SA-1",
    prg: "aes-128-ctr",
    federationId: FEDERATION_ID,
    runId: RUN_ID,
    round: 1,
    roundId: ROUND_ID,
    planHash: PLAN_HASH,
    parentModelHash: MODEL_HASH,
    cohort,
    threshold: thresholdFor(cohort.length),
    minSurvivors: PLAN.roundPolicy.minSurvivors,
    dimension: LAYOUT.parameters,
    ringBits: 32,
    scaleBits: scaleBitsFor(cohort.length, clippingNorm),
    clippingNorm,
    maxExamples,
    ...changes,
  };
}

/** Leads everybody who has checked in through a round, and keeps what they said. */
export class MaskedRound {
  readonly config: RoundConfig;
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
    this.config = configFor(coordinator.checkIns);
  }

  /** The sum of all updates, shape `[vectorLength(dimension)]`. */
  async run(): Promise<Uint32Array> {
    await this.#ask("acceptRound", () => invitation());
    await this.#ask("reportTrained", () => train());
    return this.#exchange(hexToBytes(ROUND_ID, 32));
  }

  async #exchange(roundId: Uint8Array): Promise<Uint32Array> {
    const roundConfig = serialiseRoundConfig(this.config);
    const advertising = new KeyAdvertising(this.config);
    const keys = { $case: "advertiseKeys", value: { roundId, roundConfig } } as const;
    for (const { request } of await this.#ask("advertiseKeys", () => keys))
      advertising.advertise(present(request.advertisement));

    const sharing = advertising.close();
    const book = { $case: "shareKeys", value: { roundId, keyBook: sharing.keyBook } } as const;
    for (const { participantId, request } of await this.#ask("shareKeys", () => book))
      sharing.share(participantId, request.sealedShares);

    const collection = sharing.close();
    const { sharers } = collection;
    const uploads = await this.#ask("submitUpdate", (id) => {
      const sealedShares = collection.sealedSharesFor(id);
      return { $case: "upload", value: { roundId, sharers, sealedShares } };
    });
    for (const { request } of uploads) {
      const bytes = Buffer.concat(request.chunks.map(({ data }) => data));
      collection.submit(present(request.header.commitment), wordsOfBytes(bytes));
    }

    const confirmation = collection.close();
    const { survivors } = confirmation;
    const set = { $case: "confirmSurvivors", value: { roundId, survivors } } as const;
    for (const { request } of await this.#ask("confirmSurvivors", () => set))
      confirmation.confirm(present(request.ack));

    const unmasking = confirmation.close();
    const signed = { $case: "reveal", value: { roundId, acks: unmasking.acks } } as const;
    for (const { participantId, request } of await this.#ask("revealShares", () => signed))
      unmasking.reveal(participantId, request);
    return unmasking.close();
  }

  /** Tells everybody, and returns everybody's answer. */
  async #ask<Call extends AnswerCall>(
    call: Call,
    instructionFor: (participantId: string) => Instruction,
  ): Promise<Received<Call>[]> {
    const answers = await this.#askOnce(call, instructionFor);
    if (this.#beforeRepeating === undefined) return answers;
    await this.#beforeRepeating(sentences[call]);
    for (const again of await this.#askOnce(call, instructionFor)) {
      const first = answers.find(({ participantId }) => participantId === again.participantId);
      if (Buffer.compare(present(first).bytes, again.bytes) !== 0)
        throw new Error(`${again.participantId} answered ${call} with other bytes than before`);
    }
    return answers;
  }

  async #askOnce<Call extends AnswerCall>(
    call: Call,
    instructionFor: (participantId: string) => Instruction,
  ): Promise<Received<Call>[]> {
    const { cohort } = this.config;
    for (const { participantId } of cohort)
      this.#coordinator.tell(instructionFor(participantId), participantId);
    const answers = new Map<string, Received<Call>>();
    while (answers.size < cohort.length) {
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
  reportTrained: "trained",
  advertiseKeys: "advertised keys",
  shareKeys: "shared keys",
  submitUpdate: "uploaded the masked update",
  confirmSurvivors: "confirmed the survivors",
  revealShares: "revealed shares",
};

function present<T>(value: T | undefined): T {
  if (value === undefined) throw new Error("an answer lacks its message");
  return value;
}
