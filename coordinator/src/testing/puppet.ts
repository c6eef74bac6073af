import {
  AdvertisingStage,
  bytesToHex,
  type ConfirmingStage,
  createIdentity,
  encodeUpdate,
  GRAPH_NONCE_BYTES,
  graphNonceCommitment,
  type Identity,
  type MaskedRoundConfig,
  type MaskingStage,
  openCommitmentScheme,
  parseRoundConfig,
  type RandomSource,
  type RevealingStage,
  type RoundConfig,
  type SharingStage,
  type SumVerifier,
  seededRandom,
  type Update,
  type VectorCommitter,
} from "@chorus/aggregation";
import type { ActiveRound } from "../round/active-round.ts";
import type { CohortMember } from "../round/facts.ts";
import type { ExchangeInstruction, Instruction } from "../round/instruction.ts";
import { deliver, type PuppetMessage } from "./puppet-message.ts";

/**
 * A participant without network and training: answers a round's instructions with the real protocol. Its update is the
 * unit vector of its place, so that a lost or doubled update can be seen in the sum.
 */
export class Puppet {
  readonly member: CohortMember;
  readonly place: number;
  /** What it commits to its vectors with; a test may have it lie. */
  committer: VectorCommitter = openCommitmentScheme();
  protected readonly verifier: SumVerifier = openCommitmentScheme();
  protected readonly identity: Identity;
  protected readonly random: RandomSource;
  protected config: RoundConfig | undefined;
  protected stage:
    | AdvertisingStage
    | SharingStage
    | MaskingStage
    | ConfirmingStage
    | RevealingStage
    | undefined;
  readonly #graphNonce = new Uint8Array(GRAPH_NONCE_BYTES);

  constructor(place: number, seed: string) {
    this.place = place;
    this.random = seededRandom(`${seed} ${place}`);
    const identitySeed = new Uint8Array(32);
    this.random.fill(identitySeed);
    this.identity = createIdentity(identitySeed);
    this.random.fill(this.#graphNonce);
    const { participantId, publicKey } = this.identity;
    const identityKey = Buffer.from(publicKey).toString("hex");
    this.member = { participantId, name: `puppet-${place}`, identityKey };
  }

  get id(): string {
    return this.member.participantId;
  }

  /** Answers an instruction. */
  async reply(round: ActiveRound, instruction: Instruction): Promise<void> {
    this.answer(round, instruction);
  }

  /** Answers an instruction; returns a function that says the same again. */
  answer(round: ActiveRound, instruction: Instruction): () => void {
    const message = this.prepare(instruction);
    const say = () => {
      if (message !== undefined) deliver(round, this.id, message);
    };
    say();
    return say;
  }

  /** What it says to an instruction; undefined when that asks nothing. Throws MaskingError for one that it refuses. */
  prepare(instruction: Instruction): PuppetMessage | undefined {
    switch (instruction.kind) {
      case "invitation":
        return { phase: "selecting", planHash: instruction.facts.planHash };
      case "train": {
        const commitment = graphNonceCommitment(this.id, this.#graphNonce);
        const nonceCommitment = bytesToHex(commitment, 32);
        return {
          phase: "training",
          modelHash: instruction.facts.parentModelHash,
          nonceCommitment,
        };
      }
      case "round-ended":
        return undefined;
      default:
        return this.#exchange(instruction);
    }
  }

  #exchange(instruction: ExchangeInstruction): PuppetMessage | undefined {
    switch (instruction.kind) {
      case "advertise-keys": {
        this.config = parseRoundConfig(instruction.roundConfig);
        const stage = AdvertisingStage.begin(this.config, {
          identity: this.identity,
          graphNonce: this.#graphNonce,
          random: this.random,
        });
        this.stage = stage;
        return { phase: "advertising-keys", advertisement: stage.advertisement };
      }
      case "share-keys": {
        const stage = (this.stage as AdvertisingStage).openKeyBook(instruction.keyBook);
        this.stage = stage;
        return { phase: "sharing-keys", sealedShares: stage.sealedShares };
      }
      case "upload":
        return this.#upload(instruction);
      case "confirm-survivors": {
        const stage = (this.stage as ConfirmingStage).confirm(instruction.survivors);
        this.stage = stage;
        return { phase: "confirming-survivors", ack: stage.ack };
      }
      case "reveal": {
        const shares = (this.stage as RevealingStage).reveal(instruction.acks);
        return { phase: "unmasking", shares };
      }
      case "open-sum":
        return undefined;
    }
  }

  #upload(instruction: Extract<Instruction, { kind: "upload" }>): PuppetMessage {
    const config = this.config as MaskedRoundConfig;
    const stage = (this.stage as SharingStage).openShares(
      instruction.sharers,
      instruction.sealedShares,
    );
    const vector = encodeUpdate(this.updateOf(config), config, this.random);
    const confirming = stage.mask(vector, { committer: this.committer, random: this.random });
    this.stage = confirming;
    return { phase: "collecting", committed: confirming, masked: vector };
  }

  protected updateOf({ dimension }: RoundConfig): Update {
    const delta = new Float32Array(dimension);
    delta[this.place] = 1;
    const counts = {
      trainingExamples: 1,
      evaluationExamples: 1,
      evaluationCorrect: this.place % 2,
      evaluationLossMillis: 0,
    };
    return { delta, counts };
  }
}
