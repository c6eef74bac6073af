import {
  AdvertisingStage,
  bytesOfWords,
  type ConfirmingStage,
  createIdentity,
  encodeUpdate,
  type Identity,
  type MaskingStage,
  parseRoundConfig,
  type RandomSource,
  type RevealedShares,
  type RevealingStage,
  type RoundConfig,
  type SharingStage,
  seededRandom,
  sha256Hex,
  uploadRoot,
} from "@chorus/aggregation";
import type { ActiveRound } from "../round/active-round.ts";
import type { CohortMember } from "../round/facts.ts";
import type { ExchangeInstruction, Instruction } from "../round/instruction.ts";

/**
 * A participant without network and training: answers a round's instructions with the real protocol. Its update is the
 * unit vector of its place, so that a lost or doubled update can be seen in the sum.
 */
export class Puppet {
  readonly member: CohortMember;
  readonly place: number;
  readonly #identity: Identity;
  readonly #random: RandomSource;
  #config: RoundConfig | undefined;
  #stage:
    | AdvertisingStage
    | SharingStage
    | MaskingStage
    | ConfirmingStage
    | RevealingStage
    | undefined;

  constructor(place: number, seed: string) {
    this.place = place;
    this.#random = seededRandom(`${seed} ${place}`);
    const identitySeed = new Uint8Array(32);
    this.#random.fill(identitySeed);
    this.#identity = createIdentity(identitySeed);
    const { participantId, publicKey } = this.#identity;
    const identityKey = Buffer.from(publicKey).toString("hex");
    this.member = { participantId, name: `puppet-${place}`, identityKey };
  }

  get id(): string {
    return this.member.participantId;
  }

  /** Answers an instruction; returns a function that says the same again. */
  answer(round: ActiveRound, instruction: Instruction): () => void {
    const say = this.#answerOf(round, instruction);
    say();
    return say;
  }

  #answerOf(round: ActiveRound, instruction: Instruction): () => void {
    switch (instruction.kind) {
      case "invitation": {
        const { planHash } = instruction.facts;
        return () =>
          round.deliver(this.id, "selecting", planHash, (p) => p.accept(this.id, planHash));
      }
      case "train": {
        const model = instruction.facts.parentModelHash;
        return () => round.deliver(this.id, "training", model, (p) => p.trained(this.id, model));
      }
      case "round-ended":
        return () => undefined;
      default:
        return this.#exchange(round, instruction);
    }
  }

  #exchange(round: ActiveRound, instruction: ExchangeInstruction): () => void {
    switch (instruction.kind) {
      case "advertise-keys": {
        this.#config = parseRoundConfig(instruction.roundConfig);
        const stage = AdvertisingStage.begin(this.#config, this.#identity, this.#random);
        this.#stage = stage;
        const digest = sha256Hex(stage.advertisement.signature);
        return () =>
          round.deliver(this.id, "advertising-keys", digest, (p) =>
            p.advertise(stage.advertisement),
          );
      }
      case "share-keys": {
        const stage = (this.#stage as AdvertisingStage).openKeyBook(instruction.keyBook);
        this.#stage = stage;
        const digest = sha256Hex(...stage.sealedShares.map(({ ciphertext }) => ciphertext));
        return () =>
          round.deliver(this.id, "sharing-keys", digest, (p) =>
            p.share(this.id, stage.sealedShares),
          );
      }
      case "upload":
        return this.#upload(round, instruction);
      case "confirm-survivors": {
        const stage = (this.#stage as ConfirmingStage).confirm(instruction.survivors);
        this.#stage = stage;
        const digest = sha256Hex(stage.ack.signature);
        return () =>
          round.deliver(this.id, "confirming-survivors", digest, (p) => p.confirm(stage.ack));
      }
      case "reveal": {
        const shares = (this.#stage as RevealingStage).reveal(instruction.acks);
        return () =>
          round.deliver(this.id, "unmasking", digestOf(shares), (p) => p.reveal(this.id, shares));
      }
    }
  }

  #upload(round: ActiveRound, instruction: Extract<Instruction, { kind: "upload" }>): () => void {
    const config = this.#config as RoundConfig;
    const stage = (this.#stage as SharingStage).openShares(
      instruction.sharers,
      instruction.sealedShares,
    );
    const delta = new Float32Array(config.dimension);
    delta[this.place] = 1;
    const counts = {
      trainingExamples: 1,
      evaluationExamples: 1,
      evaluationCorrect: this.place % 2,
      evaluationLossMillis: 0,
    };
    const vector = encodeUpdate({ delta, counts }, config, this.#random);
    stage.mask(vector);
    const confirming = stage.commit(uploadRoot(bytesOfWords(vector)));
    this.#stage = confirming;
    const digest = sha256Hex(confirming.commitment.signature);
    return () =>
      round.deliver(this.id, "collecting", digest, (p) => p.submit(confirming.commitment, vector));
  }
}

function digestOf({ selfMaskShares, maskKeyShares }: RevealedShares): string {
  return sha256Hex(...[...selfMaskShares, ...maskKeyShares].map(({ share }) => share));
}
