import {
  applyOuterStep,
  type EncryptedRoundConfig,
  type EncryptedTranscript,
  type MadeModel,
  modelHash,
  modelToBytes,
  type SumVerifier,
  type SurvivorAck,
  sha256Hex,
  valueCountOf,
  verifyOpenedSum,
} from "@chorus/aggregation";
import type { CipherThread } from "../he/cipher-thread.ts";
import type { ModelStore, RunModel } from "../models/model-store.ts";
import type { RoundFacts } from "../session/facts.ts";
import type { EncryptedPlan } from "../session/run-model.ts";

/** An encrypted round, as far as it decides what comes of its sum. */
export interface OpenedFrom {
  readonly facts: RoundFacts & { readonly plan: EncryptedPlan };
  readonly config: EncryptedRoundConfig;
  /** What was trained from. */
  readonly parent: RunModel;
}

/** What a round can be opened with, until it was or until it is over. */
interface Closed {
  readonly cipher: CipherThread;
  readonly round: OpenedFrom;
}

/**
 * What a participant needs to open an encrypted round's sum, and what it made of it. Disposal wipes the round's key; so does
 * opening.
 */
export class RoundOpening implements Disposable {
  readonly #tools: { readonly models: ModelStore; readonly verifier: SumVerifier };
  #closed: Closed | undefined;
  #made: MadeModel | undefined;

  /** Disposes of the cipher in the end. */
  constructor(
    round: OpenedFrom,
    cipher: CipherThread,
    tools: { readonly models: ModelStore; readonly verifier: SumVerifier },
  ) {
    this.#closed = { cipher, round };
    this.#tools = tools;
  }

  /** What this participant made of the sum, which is on disk; undefined when it has not opened it. */
  get made(): MadeModel | undefined {
    return this.#made;
  }

  /** Whether the key is there still. */
  get canOpen(): boolean {
    return this.#closed !== undefined;
  }

  /**
   * Opens the sum of a transcript, verifies all of both, takes the outer step and keeps the model. `ack`: what this participant
   * signed in the round. Once only, whatever comes of it: what a participant says of a sum is an oracle for its key. Rejects
   * with HeError, as the cipher and `verifyOpenedSum` do; with MaskingError as the latter; with ModelError when the step leaves
   * the range of float32; with ClientError `cipher-failed`, `unwritable`; with the signal's reason, and can be tried again then.
   */
  async open(
    transcript: EncryptedTranscript,
    ack: SurvivorAck,
    signal: AbortSignal,
  ): Promise<MadeModel> {
    const closed = this.#closed;
    if (closed === undefined) throw new Error("the round's key was wiped");
    try {
      this.#made = await this.#make(closed, transcript, ack, signal);
      return this.#made;
    } finally {
      if (this.#made !== undefined || !signal.aborted) this[Symbol.dispose]();
    }
  }

  [Symbol.dispose](): void {
    this.#closed?.cipher[Symbol.dispose]();
    this.#closed = undefined;
  }

  async #make(
    { cipher, round }: Closed,
    transcript: EncryptedTranscript,
    ack: SurvivorAck,
    signal: AbortSignal,
  ): Promise<MadeModel> {
    const { models, verifier } = this.#tools;
    const { encryptedSum, survivors } = transcript;
    const counted = { valueCount: valueCountOf(round.config), survivors: survivors.length };
    const sums = await cipher.openSum(encryptedSum, counted, signal);
    const { meanDelta, counts } = verifyOpenedSum(transcript, sums, { verifier, ownAck: ack });
    const { plan, layout, offer } = round.facts;
    const next = applyOuterStep(plan.strategy, { ...round.parent, meanDelta });
    const hash = modelHash(layout, next.model);
    await models.keep({ runId: offer.runId, round: offer.round, modelHash: hash, plan }, next);
    const stateHash = next.state === undefined ? "" : sha256Hex(modelToBytes(next.state));
    return { modelHash: hash, stateHash, counts };
  }
}
