import {
  AdvertisingStage,
  bytesToHex,
  type ConfirmingStage,
  createIdentity,
  encodeUpdate,
  GRAPH_NONCE_BYTES,
  graphNonceCommitment,
  type Identity,
  type MaskingStage,
  openCommitmentScheme,
  parseRoundConfig,
  type RandomSource,
  type RevealedShares,
  type RevealingStage,
  type RoundConfig,
  type SharingStage,
  seededRandom,
  sha256Hex,
  type VectorCommitter,
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
  /** What it commits to its vectors with; a test may have it lie. */
  committer: VectorCommitter = openCommitmentScheme();
  readonly #identity: Identity;
  readonly #random: RandomSource;
  readonly #graphNonce = new Uint8Array(GRAPH_NONCE_BYTES);
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
    this.#random.fill(this.#graphNonce);
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
        const nonce = bytesToHex(graphNonceCommitment(this.id, this.#graphNonce), 32);
        return () =>
          round.deliver(this.id, "training", nonce, (p) => p.trained(this.id, model, nonce));
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
        const stage = AdvertisingStage.begin(this.#config, {
          identity: this.#identity,
          graphNonce: this.#graphNonce,
          random: this.#random,
        });
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
    const confirming = stage.mask(vector, { committer: this.committer, random: this.#random });
    this.#stage = confirming;
    const digest = sha256Hex(confirming.upload.signature);
    return () => round.deliver(this.id, "collecting", digest, (p) => p.submit(confirming, vector));
  }
}

function digestOf({ selfMaskShares, maskKeyShares }: RevealedShares): string {
  return sha256Hex(...[...selfMaskShares, ...maskKeyShares].map(({ share }) => share));
}
