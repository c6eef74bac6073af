import {
  bytesOfWords,
  type ConfirmingStage,
  type EncryptedRoundConfig,
  type EncryptionJob,
  encodeUpdate,
  isEncrypted,
  type MaskingStage,
  type SurvivorAck,
} from "@chorus/aggregation";
import type { SignedEncryptedRound } from "../transcript/encrypted-round.ts";
import { RoundOpening } from "../transcript/round-opening.ts";
import type { Exchange, PlainUpdate } from "./exchange.ts";
import { isEncryptedPlan } from "./run-model.ts";
import type { Site } from "./site.ts";
import type { Stage } from "./stage.ts";
import { Finished, SumAwaited } from "./sum-awaited.ts";

/** An update that can leave the site, and the rest of the round. */
export interface HiddenUpdate {
  readonly confirming: ConfirmingStage;
  /** What is uploaded. */
  readonly bytes: Uint8Array;
  readonly rest: RestOfRound;
}

/** What a participant does in a round once its shares are revealed. Disposal wipes what that takes, unless it was begun. */
export interface RestOfRound extends Disposable {
  /** The survivor set is signed: tells the auditor, and is the stage after revealing. */
  begin(ack: SurvivorAck): Stage;
}

/**
 * Clips, rounds, commits to and masks an update and, in an encrypted round, encrypts it on a thread of its own. It is overwritten
 * with zeros as soon as it is encoded. Rejects with what encoding and encrypting throw, and with the signal's reason.
 */
export async function hideUpdate(
  exchange: Exchange,
  update: PlainUpdate,
  masking: MaskingStage,
  signal: AbortSignal,
): Promise<HiddenUpdate> {
  const { config } = exchange;
  if (isEncrypted(config)) return await encrypt(exchange, config, update, masking, signal);
  const vector = encodeUpdate(update, config, exchange.tools.random);
  update.delta.fill(0);
  const confirming = masking.mask(vector, exchange.tools);
  return { confirming, bytes: bytesOfWords(vector), rest: new NothingLeft(exchange) };
}

async function encrypt(
  exchange: Exchange,
  config: EncryptedRoundConfig,
  update: PlainUpdate,
  masking: MaskingStage,
  signal: AbortSignal,
): Promise<HiddenUpdate> {
  const { site, facts, parent, tools, cipher } = exchange;
  const { plan } = facts;
  if (!isEncryptedPlan(plan) || cipher === undefined)
    throw new Error("a configuration that was checked has another kind");
  const { job, stage } = masking.encode(update, tools);
  update.delta.fill(0);
  using stack = new DisposableStack();
  stack.defer(() => wipe(job));
  const encrypting = stack.use(stage);
  stack.use(cipher).takeKey(job);
  const bytes = await cipher.encrypt(job, signal);
  const confirming = encrypting.sign(bytes);
  const round = { facts: { ...facts, plan }, config, parent };
  const opening = new RoundOpening(round, cipher, {
    models: site.models,
    verifier: site.commitments,
  });
  stack.move();
  const { configHash } = exchange;
  return { confirming, bytes, rest: new OpeningLeft({ ...round, configHash, opening }, site) };
}

/** What the thread has not taken over. */
function wipe({ values, masks, keySeed }: EncryptionJob): void {
  for (const secret of [values, masks.added, masks.subtracted, keySeed])
    if (!secret.buffer.detached) secret.fill(0);
}

/** Of a round whose sum the coordinator opens. */
class NothingLeft implements RestOfRound {
  readonly #exchange: Exchange;

  constructor(exchange: Exchange) {
    this.#exchange = exchange;
  }

  begin(ack: SurvivorAck): Stage {
    const { facts, config, configHash, parent, site } = this.#exchange;
    site.auditor.signed({ facts, config, configHash, ack, parent: parent.model });
    return new Finished();
  }

  [Symbol.dispose](): void {
    // Holds nothing.
  }
}

/** Of a round whose sum its participants open. */
class OpeningLeft implements RestOfRound {
  readonly #round: Omit<SignedEncryptedRound, "ack">;
  readonly #site: Site;

  constructor(round: Omit<SignedEncryptedRound, "ack">, site: Site) {
    this.#round = round;
    this.#site = site;
  }

  begin(ack: SurvivorAck): Stage {
    const { facts, config, configHash, opening } = this.#round;
    const signed = { facts, config, configHash, opening, ack };
    this.#site.auditor.signed(signed);
    return new SumAwaited(signed, this.#site);
  }

  [Symbol.dispose](): void {
    this.#round.opening[Symbol.dispose]();
  }
}
