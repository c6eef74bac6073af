import {
  AdvertisingStage,
  bytesOfWords,
  type ConfirmingStage,
  graphNonceCommitment as commitmentTo,
  configHash,
  encodeUpdate,
  GRAPH_NONCE_BYTES,
  type Identity,
  type MaskingStage,
  openCommitmentScheme,
  parseRoundConfig,
  type RevealingStage,
  type RoundConfig,
  type SharingStage,
  sha256,
  systemRandom,
} from "@chorus/aggregation";
import type {
  AcceptRoundRequest,
  AdvertiseKeysRequest,
  ConfirmSurvivorsRequest,
  FollowResponse,
  ReportTrainedRequest,
  RevealSharesRequest,
  ShareKeysRequest,
  SubmitUpdateRequest,
} from "@chorus/proto/v1/participant";

/** What a participant sends at each step of a round, by the name of the call. */
export interface StepRequests {
  readonly acceptRound: AcceptRoundRequest;
  readonly reportTrained: ReportTrainedRequest;
  readonly advertiseKeys: AdvertiseKeysRequest;
  readonly shareKeys: ShareKeysRequest;
  readonly submitUpdate: readonly SubmitUpdateRequest[];
  readonly confirmSurvivors: ConfirmSurvivorsRequest;
  readonly revealShares: RevealSharesRequest;
}

export type Step = keyof StepRequests;

/** The call of one step, with its request. */
export type StepCall<S extends Step = Step> = {
  [Name in S]: { readonly step: Name; readonly request: StepRequests[Name] };
}[S];

/** What the coordinator says. */
export type Instruction = NonNullable<FollowResponse["instruction"]>;

type StepInstruction = Exclude<Instruction, { $case: "roundEnded" }>;
type ExchangeInstruction = Exclude<StepInstruction, { $case: "invitation" | "train" }>;

/** An honest participant's half of one round: the messages of the protocol, with the unit vector of its place as update. */
export class HonestRound {
  readonly #identity: Identity;
  readonly #place: number;
  readonly #graphNonce = new Uint8Array(GRAPH_NONCE_BYTES);
  readonly #committer = openCommitmentScheme();
  #config: RoundConfig | undefined;
  #stage:
    | AdvertisingStage
    | SharingStage
    | MaskingStage
    | ConfirmingStage
    | RevealingStage
    | undefined;

  constructor(identity: Identity, place: number) {
    this.#identity = identity;
    this.#place = place;
  }

  /** What to answer. Instructions come in the protocol's order. */
  answer(instruction: StepInstruction): StepCall {
    switch (instruction.$case) {
      case "invitation": {
        const { roundId, planHash } = instruction.value;
        return { step: "acceptRound", request: { roundId, planHash } };
      }
      case "train": {
        const { roundId = new Uint8Array(), modelHash = new Uint8Array() } =
          instruction.value.round ?? {};
        const { participantId } = this.#identity;
        systemRandom.fill(this.#graphNonce);
        const graphNonceCommitment = commitmentTo(participantId, this.#graphNonce);
        return { step: "reportTrained", request: { roundId, modelHash, graphNonceCommitment } };
      }
      default:
        return this.#exchange(instruction);
    }
  }

  #exchange(instruction: ExchangeInstruction): StepCall {
    switch (instruction.$case) {
      case "advertiseKeys": {
        this.#config = parseRoundConfig(instruction.value.roundConfig);
        const stage = AdvertisingStage.begin(this.#config, {
          identity: this.#identity,
          graphNonce: this.#graphNonce,
          random: systemRandom,
        });
        this.#stage = stage;
        const { advertisement } = stage;
        return { step: "advertiseKeys", request: { ...this.#binding(), advertisement } };
      }
      case "shareKeys": {
        const stage = (this.#stage as AdvertisingStage).openKeyBook(instruction.value.keyBook);
        this.#stage = stage;
        const { sealedShares } = stage;
        return { step: "shareKeys", request: { ...this.#binding(), sealedShares } };
      }
      case "upload":
        return { step: "submitUpdate", request: this.#upload(instruction.value) };
      case "confirmSurvivors": {
        const stage = (this.#stage as ConfirmingStage).confirm(instruction.value.survivors);
        this.#stage = stage;
        const { ack } = stage;
        return { step: "confirmSurvivors", request: { ...this.#binding(), ack } };
      }
      case "reveal": {
        const shares = (this.#stage as RevealingStage).reveal(instruction.value.acks);
        return { step: "revealShares", request: { ...this.#binding(), ...shares } };
      }
    }
  }

  #upload({
    sharers,
    sealedShares,
  }: Extract<ExchangeInstruction, { $case: "upload" }>["value"]): readonly SubmitUpdateRequest[] {
    const config = this.#agreed();
    const delta = new Float32Array(config.dimension);
    delta[this.#place] = 1;
    const counts = {
      trainingExamples: 1,
      evaluationExamples: 1,
      evaluationCorrect: 1,
      evaluationLossMillis: 500,
    };
    const stage = (this.#stage as SharingStage).openShares(sharers, sealedShares);
    const vector = encodeUpdate({ delta, counts }, config, systemRandom);
    const confirming = stage.mask(vector, { committer: this.#committer, random: systemRandom });
    this.#stage = confirming;
    const data = bytesOfWords(vector);
    const { upload: commitment, commitment: vectorCommitment } = confirming;
    const totalBytes = data.length;
    const header = { ...this.#binding(), totalBytes, commitment, vectorCommitment };
    return [
      { part: { $case: "header", value: header } },
      { part: { $case: "chunk", value: { offset: 0, data, sha256: sha256(data) } } },
    ];
  }

  #binding(): { roundId: Uint8Array; configHash: Uint8Array } {
    const config = this.#agreed();
    return {
      roundId: Buffer.from(config.roundId, "hex"),
      configHash: Buffer.from(configHash(config), "hex"),
    };
  }

  #agreed(): RoundConfig {
    if (this.#config === undefined) throw new Error("the round has no configuration yet");
    return this.#config;
  }
}
