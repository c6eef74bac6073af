import {
  applyOuterStep,
  type CommittedUpload,
  type EncryptedRoundConfig,
  type EncryptionJob,
  type Hash,
  type Identity,
  initialModel,
  layoutOf,
  type MadeModel,
  MaskingError,
  type ModelReport,
  modelHash,
  type RandomSource,
  type SharingStage,
  signModelReport,
  stateHash,
  valueCountOf,
  vectorFromBytes,
  verifyOpenedSum,
} from "@chorus/aggregation";
import {
  type Handover,
  HandoverError,
  HeError,
  type HeldModel,
  type ModelRequest,
  ModelRequestKeys,
  type SealedModel,
  sealModel,
} from "@chorus/aggregation/he";
import type { ActiveRound } from "../round/active-round.ts";
import type { RoundFacts } from "../round/facts.ts";
import type { Instruction } from "../round/instruction.ts";
import { bindingOf } from "../round/model-handover.ts";
import type { Ciphers } from "./ciphers.ts";
import { transcriptOf } from "./open-transcript.ts";
import { Puppet } from "./puppet.ts";
import { DirectLine, type PuppetLine } from "./puppet-line.ts";
import { deliver } from "./puppet-message.ts";

type InstructionOf<Kind extends Instruction["kind"]> = Extract<Instruction, { kind: Kind }>;

/** A participant of encrypted rounds without network and training, with the real protocol and real ciphertexts. */
export class EncryptedPuppet extends Puppet {
  line: PuppetLine = new DirectLine(this.id);
  /** By hash; a test may take some away. */
  readonly models: Map<Hash, HeldModel> = new Map();
  /** What a test has it do to what it says. */
  spoilCiphertexts: (ciphertexts: Uint8Array) => Uint8Array = (ciphertexts) => ciphertexts;
  spoilReport: (made: MadeModel) => MadeModel = (made) => made;
  readonly #ciphers: Ciphers;
  #requests: ModelRequestKeys[] = [];
  #facts: RoundFacts[] = [];
  #keys: EncryptionJob[] = [];
  #hasTrained = new Set<Hash>();

  constructor(place: number, seed: string, ciphers: Ciphers) {
    super(place, seed);
    this.#ciphers = ciphers;
  }

  /** What a test makes messages with that this one would not send. */
  get secrets(): { readonly identity: Identity; readonly random: RandomSource } {
    return { identity: this.identity, random: this.random };
  }

  /** As a participant does that cannot go on: leaves with the code of what it found, which of a sum is one only. */
  override async reply(round: ActiveRound, instruction: Instruction): Promise<void> {
    try {
      await this.#reply(round, instruction);
    } catch (error) {
      const isFound =
        error instanceof HeError || error instanceof HandoverError || error instanceof MaskingError;
      if (!isFound) throw error;
      round.leave(this.id, instruction.kind === "open-sum" ? "wrong-sum" : error.code);
    }
  }

  async #reply(round: ActiveRound, instruction: Instruction): Promise<void> {
    switch (instruction.kind) {
      case "invitation":
        return await this.#accept(round, instruction.facts);
      case "train":
        return await this.#train(round, instruction);
      case "upload":
        return await this.#uploadEncrypted(round, instruction);
      case "open-sum":
        return await this.#open(round);
      default: {
        const message = this.prepare(instruction);
        if (message !== undefined) deliver(round, this.id, message);
      }
    }
  }

  async #accept(round: ActiveRound, facts: RoundFacts): Promise<void> {
    this.#facts = [facts];
    const layout = layoutOf(facts.plan.model);
    if (facts.round === 1) {
      const model = initialModel(layout, facts.plan.seed);
      this.models.set(facts.parentModelHash, { model, state: undefined });
    }
    await this.line.accept(round, facts.planHash, this.#requestFor(facts));
  }

  #requestFor(facts: RoundFacts): ModelRequest | undefined {
    if (this.models.has(facts.parentModelHash)) return undefined;
    const keys = ModelRequestKeys.make(bindingOf(facts), this.identity, this.random);
    this.#requests = [keys];
    return keys.request;
  }

  async #train(round: ActiveRound, instruction: InstructionOf<"train">): Promise<void> {
    const { facts, modelRequests, handover } = instruction;
    if (modelRequests.length > 0) await this.#handOver(round, facts, modelRequests);
    if (handover !== undefined) await this.#take(round, facts, handover);
    const message = this.#hasTrained.has(facts.roundId) ? undefined : this.prepare(instruction);
    this.#hasTrained.add(facts.roundId);
    if (message !== undefined) deliver(round, this.id, message);
  }

  async #handOver(
    round: ActiveRound,
    facts: RoundFacts,
    requests: readonly ModelRequest[],
  ): Promise<void> {
    await this.line.handOver(round, this.seal(facts, requests));
  }

  /** The model that a round trains from, sealed for those who asked. */
  seal(facts: RoundFacts, requests: readonly ModelRequest[]): SealedModel {
    return sealModel(bindingOf(facts), this.identity, requests, this.#held(facts), this.random);
  }

  async #take(round: ActiveRound, facts: RoundFacts, handover: Handover): Promise<void> {
    const [keys] = this.#requests;
    if (keys === undefined) throw new Error("nothing was asked for");
    const { model, state } = keys.open(handover, await this.line.downloadHandover(round));
    const vector = (bytes: Uint8Array) => vectorFromBytes(bytes, bytes.length / 4, "model");
    this.models.set(facts.parentModelHash, {
      model: vector(model),
      state: state === undefined ? undefined : vector(state),
    });
  }

  async #uploadEncrypted(round: ActiveRound, instruction: InstructionOf<"upload">): Promise<void> {
    const config = this.config as EncryptedRoundConfig;
    const stage = (this.stage as SharingStage).openShares(
      instruction.sharers,
      instruction.sealedShares,
    );
    const tools = { committer: this.committer, random: this.random };
    const { job, stage: encrypting } = stage.encode(this.updateOf(config), tools);
    this.#keys = [{ ...job, keySeed: job.keySeed.slice() }];
    const cipher = await this.#ciphers.open(job.parameters, job.keySeed);
    const ciphertexts = this.spoilCiphertexts(cipher.encrypt(job.values, job.masks));
    const confirming = encrypting.sign(ciphertexts);
    this.stage = confirming;
    const committed: CommittedUpload = confirming;
    await this.line.upload(round, committed, ciphertexts);
  }

  async #open(round: ActiveRound): Promise<void> {
    await this.line.report(round, await this.reportOn(round));
  }

  /** What it makes of a round's sum, which is being opened: the next model, which it keeps, and its report. */
  async reportOn(round: ActiveRound): Promise<ModelReport> {
    const transcript = transcriptOf(await this.line.transcript(round));
    const [job] = this.#keys;
    const [facts] = this.#facts;
    if (job === undefined || facts === undefined) throw new Error("nothing was encrypted");
    const { config, survivors } = transcript;
    const cipher = await this.#ciphers.open(job.parameters, job.keySeed);
    const count = valueCountOf(config);
    const sums = cipher.openSum(transcript.encryptedSum, count, survivors.length);
    const reader = { verifier: this.verifier };
    const { meanDelta, counts } = verifyOpenedSum(transcript, sums, reader);
    const next = applyOuterStep(facts.plan.strategy, { ...this.#held(facts), meanDelta });
    const hash = modelHash(layoutOf(facts.plan.model), next.model);
    this.models.set(hash, next);
    const made = this.spoilReport({ modelHash: hash, stateHash: stateHash(next.state), counts });
    return signModelReport(this.identity, transcript, made);
  }

  #held({ parentModelHash }: RoundFacts): HeldModel {
    const held = this.models.get(parentModelHash);
    if (held === undefined) throw new Error("the puppet lacks the model");
    return held;
  }
}
