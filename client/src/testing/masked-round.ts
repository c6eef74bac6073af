import {
  bytesToHex,
  hexToBytes,
  KeyAdvertising,
  neighbourhoodFor,
  openCommitmentScheme,
  participantIdOf,
  type RoundConfig,
  type RoundTranscript,
  requireOpenedSum,
  scaleBitsFor,
  serialiseRoundConfig,
  wordsOfBytes,
} from "@chorus/aggregation";
import {
  type CheckInRequest,
  type FollowResponse,
  type Invitation,
  ReportTrainedRequest,
} from "@chorus/proto/v1/participant";
import type { AnswerCall, Received } from "./answer-desk.ts";
import { FEDERATION_ID, type ScriptedCoordinator } from "./scripted-coordinator.ts";
import {
  invitation,
  LAYOUT,
  MODEL_HASH,
  offer,
  PLAN,
  PLAN_HASH,
  ROUND_ID,
  RUN_ID,
  train,
} from "./tiny-round.ts";

type Instruction = NonNullable<FollowResponse["instruction"]>;

/** Somebody for a cohort. */
interface Trained extends Pick<CheckInRequest, "identityKey"> {
  readonly graphNonceCommitment: Uint8Array;
}

/** The configuration of the tiny round for participants that have checked in and trained. */
export function configFor(
  trained: readonly Trained[],
  changes: Partial<RoundConfig> = {},
): RoundConfig {
  const cohort = trained
    .map(({ identityKey, graphNonceCommitment }) => ({
      participantId: participantIdOf(identityKey),
      identityKey: bytesToHex(identityKey, 32),
      nonceCommitment: bytesToHex(graphNonceCommitment, 32),
    }))
    .toSorted((a, b) => (a.participantId < b.participantId ? -1 : 1));
  const { clippingNorm, maxExamples } = PLAN.protection;
  return {
    protocol: "SA-1",
    prg: "aes-128-ctr",
    commitment: "ring-sis-v1",
    federationId: FEDERATION_ID,
    runId: RUN_ID,
    round: 1,
    roundId: ROUND_ID,
    planHash: PLAN_HASH,
    parentModelHash: MODEL_HASH,
    cohort,
    ...neighbourhoodFor(cohort.length),
    minSurvivors: PLAN.roundPolicy.minSurvivors,
    dimension: LAYOUT.parameters,
    ringBits: 32,
    scaleBits: scaleBitsFor(cohort.length, clippingNorm),
    clippingNorm,
    maxExamples,
    ...changes,
  };
}

/** Asks for keys, in a cohort of the first participant that has checked in, as it last trained, and two who are not there. */
export function askForKeys({ checkIns, answers }: ScriptedCoordinator): Instruction {
  const report = answers.heard("reportTrained").at(-1)?.bytes ?? new Uint8Array();
  const { graphNonceCommitment } = ReportTrainedRequest.decode(report);
  const [own, ...others] = [present(checkIns[0]).identityKey, ...[11, 12].map(filled)];
  const trained = [
    { identityKey: present(own), graphNonceCommitment },
    ...others.map((identityKey) => ({ identityKey, graphNonceCommitment: filled(13) })),
  ];
  const roundConfig = serialiseRoundConfig(configFor(trained));
  return { $case: "advertiseKeys", value: { roundId: hexToBytes(ROUND_ID, 32), roundConfig } };
}

/** Leads everybody who has checked in through a round, and keeps what they said. */
export class MaskedRound {
  readonly #ids: readonly string[];
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
    this.#ids = coordinator.checkIns.map(({ identityKey }) => participantIdOf(identityKey));
  }

  /** All that is to be published of the round, in which everybody survives. `changes`: to what is offered. */
  async run(changes: Partial<Invitation> = {}): Promise<RoundTranscript> {
    await this.#ask("acceptRound", () => invitation(changes));
    const reports = await this.#ask("reportTrained", () => train(changes));
    const identityKeyOf = new Map(
      this.#coordinator.checkIns.map(({ identityKey }) => [
        participantIdOf(identityKey),
        identityKey,
      ]),
    );
    const config = configFor(
      reports.map(({ participantId, request: { graphNonceCommitment } }) => ({
        identityKey: present(identityKeyOf.get(participantId)),
        graphNonceCommitment,
      })),
      factsOf(offer(changes)),
    );
    return await this.#exchange(config);
  }

  async #exchange(config: RoundConfig): Promise<RoundTranscript> {
    const roundId = hexToBytes(config.roundId, 32);
    const roundConfig = serialiseRoundConfig(config);
    const advertising = new KeyAdvertising(config);
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
      const { commitment, vectorCommitment } = request.header;
      const committed = { upload: present(commitment), commitment: vectorCommitment };
      collection.submit(committed, wordsOfBytes(bytes));
    }

    const confirmation = collection.close();
    const { survivors } = confirmation;
    const set = { $case: "confirmSurvivors", value: { roundId, survivors } } as const;
    for (const { request } of await this.#ask("confirmSurvivors", () => set))
      confirmation.confirm(present(request.ack));

    const unmasking = confirmation.close();
    const shares = await this.#ask("revealShares", (id) => {
      return { $case: "reveal", value: { roundId, acks: unmasking.acksFor(id) } };
    });
    for (const { participantId, request } of shares) unmasking.reveal(participantId, request);
    const transcript = unmasking.transcriptOf(unmasking.close());
    requireOpenedSum(transcript, openCommitmentScheme());
    return transcript;
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
    for (const participantId of this.#ids)
      this.#coordinator.tell(instructionFor(participantId), participantId);
    const answers = new Map<string, Received<Call>>();
    while (answers.size < this.#ids.length) {
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

/** What an offer decides of a round's configuration. */
function factsOf(offered: Invitation): Partial<RoundConfig> {
  const { runId, round, roundId, planHash, modelHash } = offered;
  return {
    runId: bytesToHex(runId, 32),
    round,
    roundId: bytesToHex(roundId, 32),
    planHash: bytesToHex(planHash, 32),
    parentModelHash: bytesToHex(modelHash, 32),
  };
}

function filled(byte: number): Uint8Array {
  return new Uint8Array(32).fill(byte);
}

function present<T>(value: T | undefined): T {
  if (value === undefined) throw new Error("an answer lacks its message");
  return value;
}
