import {
  AdvertisingStage,
  bytesOfWords,
  type ConfirmingStage,
  configHash,
  encodeUpdate,
  GRAPH_NONCE_BYTES,
  graphNonceCommitment,
  hexToBytes,
  type Identity,
  isEncrypted,
  type MaskedRoundConfig,
  type MaskingTools,
  parseRoundConfig,
  type RevealingStage,
  type RoundConfig,
  type SharingStage,
  sha256,
  type UpdateCounts,
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

/** What the coordinator says, but for the end of a round. */
export type StepInstruction = Exclude<
  NonNullable<FollowResponse["instruction"]>,
  { $case: "roundEnded" }
>;

type Value<Case extends StepInstruction["$case"]> = Extract<
  StepInstruction,
  { $case: Case }
>["value"];

/** What a participant has to add to a round's sum. */
export interface PlainUpdate {
  /** Shape `[dimension]`. */
  readonly delta: Float32Array;
  readonly counts: UpdateCounts;
}

/** An honest participant's half of the masked rounds that it is asked to take part in, without training. */
export class HonestAnswers {
  readonly #identity: Identity;
  readonly #updateFor: (config: MaskedRoundConfig) => PlainUpdate;
  readonly #tools: MaskingTools;
  readonly #graphNonce = new Uint8Array(GRAPH_NONCE_BYTES);
  #config: MaskedRoundConfig | undefined;
  #configHash: Uint8Array = new Uint8Array();
  #advertising: AdvertisingStage | undefined;
  #sharing: SharingStage | undefined;
  #confirming: ConfirmingStage | undefined;
  #revealing: RevealingStage | undefined;

  /** `updateFor`: what it uploads in a round. */
  constructor(
    identity: Identity,
    updateFor: (config: MaskedRoundConfig) => PlainUpdate,
    tools: MaskingTools,
  ) {
    this.#identity = identity;
    this.#updateFor = updateFor;
    this.#tools = tools;
  }

  /** What to answer. Instructions come in the protocol's order. */
  answer(instruction: StepInstruction): StepCall {
    switch (instruction.$case) {
      case "invitation": {
        const { roundId, planHash } = instruction.value;
        return { step: "acceptRound", request: { roundId, planHash } };
      }
      case "train":
        return { step: "reportTrained", request: this.#trained(instruction.value) };
      case "advertiseKeys":
        return { step: "advertiseKeys", request: this.#advertise(instruction.value) };
      case "shareKeys":
        return { step: "shareKeys", request: this.#share(instruction.value) };
      case "upload":
        return { step: "submitUpdate", request: this.#upload(instruction.value) };
      case "confirmSurvivors": {
        this.#revealing = present(this.#confirming).confirm(instruction.value.survivors);
        const { ack } = this.#revealing;
        return { step: "confirmSurvivors", request: { ...this.#binding(), ack } };
      }
      case "reveal": {
        const shares = present(this.#revealing).reveal(instruction.value.acks);
        return { step: "revealShares", request: { ...this.#binding(), ...shares } };
      }
      case "openSum":
        throw new Error("the coordinator wants the sum of a masked round opened");
    }
  }

  #trained({ round }: Value<"train">): ReportTrainedRequest {
    const { roundId, modelHash } = present(round);
    this.#tools.random.fill(this.#graphNonce);
    const commitment = graphNonceCommitment(this.#identity.participantId, this.#graphNonce);
    return { roundId, modelHash, graphNonceCommitment: commitment };
  }

  #advertise({ roundConfig }: Value<"advertiseKeys">): AdvertiseKeysRequest {
    const { random } = this.#tools;
    const secrets = { identity: this.#identity, graphNonce: this.#graphNonce, random };
    this.#config = requireMasked(parseRoundConfig(roundConfig));
    this.#configHash = hexToBytes(configHash(this.#config), 32);
    this.#advertising = AdvertisingStage.begin(this.#config, secrets);
    const advertisement = { keyCommitment: new Uint8Array(), ...this.#advertising.advertisement };
    return { ...this.#binding(), advertisement };
  }

  #share({ keyBook }: Value<"shareKeys">): ShareKeysRequest {
    this.#sharing = present(this.#advertising).openKeyBook(keyBook);
    return { ...this.#binding(), sealedShares: this.#sharing.sealedShares };
  }

  #upload({ sharers, sealedShares }: Value<"upload">): readonly SubmitUpdateRequest[] {
    const masking = present(this.#sharing).openShares(sharers, sealedShares);
    const config = present(this.#config);
    const vector = encodeUpdate(this.#updateFor(config), config, this.#tools.random);
    this.#confirming = masking.mask(vector, this.#tools);
    const data = bytesOfWords(vector);
    const { upload: commitment, commitment: vectorCommitment } = this.#confirming;
    const totalBytes = data.length;
    const header = { ...this.#binding(), totalBytes, commitment, vectorCommitment };
    return [
      { part: { $case: "header", value: header } },
      { part: { $case: "chunk", value: { offset: 0, data, sha256: sha256(data) } } },
    ];
  }

  #binding(): { roundId: Uint8Array; configHash: Uint8Array } {
    const { roundId } = present(this.#config);
    return { roundId: hexToBytes(roundId, 32), configHash: this.#configHash };
  }
}

function requireMasked(config: RoundConfig): MaskedRoundConfig {
  if (isEncrypted(config)) throw new Error("the coordinator encrypts a round that is masked");
  return config;
}

function present<T>(value: T | undefined): T {
  if (value === undefined) throw new Error("the coordinator left out a step");
  return value;
}
