import {
  applyOuterStep,
  type EncryptedRoundConfig,
  type EncryptedTranscript,
  type MadeModel,
  MaskingError,
  ModelError,
  modelHash,
  type SumVerifier,
  type SurvivorAck,
  stateHash,
  valueCountOf,
  verifiedExchange,
  verifyOpenedSum,
} from "@chorus/aggregation";
import { HeError } from "@chorus/aggregation/he";
import { ClientError } from "../error.ts";
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
   * Verifies what was signed in a round, and only then opens its sum, verifies that, takes the outer step and keeps the model.
   * `ack`: what this participant signed. Once only, whatever comes of it: what a participant says of a sum is an oracle for its
   * key. Rejects with MaskingError as `verifiedExchange` does; with ClientError `wrong-sum` whatever is wrong with the sum, so
   * that no more than this gets out, `cipher-failed`, `unwritable`; with the signal's reason, and can be tried again then.
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
    const { plan, layout, offer } = round.facts;
    verifiedExchange(transcript, ack);
    const { encryptedSum, survivors } = transcript;
    const counted = { valueCount: valueCountOf(round.config), survivors: survivors.length };
    const { next, counts } = await ofSum(async () => {
      const sums = await cipher.openSum(encryptedSum, counted, signal);
      const { meanDelta, counts } = verifyOpenedSum(transcript, sums, { verifier, ownAck: ack });
      return { next: applyOuterStep(plan.strategy, { ...round.parent, meanDelta }), counts };
    });
    const hash = modelHash(layout, next.model);
    await models.keep({ runId: offer.runId, round: offer.round, modelHash: hash, plan }, next);
    return { modelHash: hash, stateHash: stateHash(next.state), counts };
  }
}

/** Does something with an opened sum; what it finds wrong with it stays in the site's log, and `wrong-sum` is all that is said. */
async function ofSum<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    const isOfSum =
      cause instanceof HeError || cause instanceof MaskingError || cause instanceof ModelError;
    if (!isOfSum) throw cause;
    const message = `the round's sum does not hold: ${cause.code}: ${cause.message}`;
    throw new ClientError("wrong-sum", message, { cause });
  }
}
