import {
  applyOuterStep,
  configHash,
  type Hash,
  isEncryptedTranscript,
  modelHash,
  type RoundConfig,
  type SumVerifier,
  type SurvivorAck,
  verifyTranscript,
} from "@chorus/aggregation";
import { ClientError } from "../error.ts";
import type { RoundFacts } from "../session/facts.ts";
import { readTranscript } from "./read-transcript.ts";

/** What is known of a round of either kind of which this participant signed the survivor set. */
export interface CommonSignedRound {
  readonly facts: RoundFacts;
  /** The configuration that was checked before anything was signed. */
  readonly config: RoundConfig;
  readonly configHash: Hash;
  /** Over the key book and the survivor set that this participant was shown. */
  readonly ack: SurvivorAck;
}

/** A masked round of which this participant signed the survivor set. */
export interface SignedMaskedRound extends CommonSignedRound {
  /** What was trained from, shape `[parameters]`; undefined where it is not kept any more. */
  readonly parent: Float32Array | undefined;
}

/** What a strategy starts a round from. */
export interface StrategyState {
  /** Shape `[parameters]`; undefined in the first round and for a strategy without state. */
  readonly state: Float32Array | undefined;
}

/** A round whose published sum holds. */
export interface VerifiedRound {
  readonly round: number;
  /** The model that it began with. */
  readonly parentModelHash: Hash;
  /** The model that came of it; "" where that is not known: neither computed nor told. */
  readonly modelHash: Hash | "";
  /** What the next round starts from; undefined where the outer step could not be computed. */
  readonly strategy: StrategyState | undefined;
}

/**
 * Verifies what was published of a round that this participant signed: that it is this round, that its sum is the one of
 * the survivors that were signed, and that this sum makes `toldModelHash` of the parent ("": nobody told). The last needs
 * the parent and the strategy's state before the round, `before`, and is left out where one of them is not known.
 *
 * Throws {@link ClientError}: `protocol` for what is no transcript or another round's, `wrong-model` for another model;
 * MaskingError as `verifyTranscript` does; ModelError when the step leaves the range of float32.
 */
export function verifySignedRound(
  signed: SignedMaskedRound,
  transcript: Uint8Array,
  told: { readonly modelHash: Hash | ""; readonly before: StrategyState | undefined },
  verifier: SumVerifier,
): VerifiedRound {
  const { facts, parent } = signed;
  const { round, modelHash: parentModelHash } = facts.offer;
  const { meanDelta } = verifiedSum(signed, transcript, verifier);
  if (parent === undefined || told.before === undefined)
    return { round, parentModelHash, modelHash: told.modelHash, strategy: undefined };
  const { state } = told.before;
  const next = applyOuterStep(facts.plan.strategy, { model: parent, meanDelta, state });
  const hash = modelHash(facts.layout, next.model);
  if (told.modelHash !== "" && told.modelHash !== hash) {
    const got = `the model after round ${round} has the hash ${told.modelHash}`;
    throw new ClientError("wrong-model", `${got}, wanted ${hash} as the sum makes it`);
  }
  return { round, parentModelHash, modelHash: hash, strategy: { state: next.state } };
}

function verifiedSum(
  { configHash: wanted, ack: ownAck }: SignedMaskedRound,
  bytes: Uint8Array,
  verifier: SumVerifier,
): ReturnType<typeof verifyTranscript> {
  const transcript = readTranscript(bytes);
  const hash = configHash(transcript.config);
  if (hash !== wanted || isEncryptedTranscript(transcript)) {
    const got = `got a transcript of the configuration ${hash}`;
    throw new ClientError("protocol", `${got}, wanted ${wanted} as it was signed`);
  }
  return verifyTranscript(transcript, { verifier, ownAck });
}

/**
 * The state before a round, where it is known: the strategy has none, the round is a run's first, or the one before it
 * was verified, step and all.
 */
export function stateBefore(
  { plan, offer }: RoundFacts,
  before: VerifiedRound | undefined,
): StrategyState | undefined {
  if (plan.strategy.kind === "fedavg" || offer.round === 1) return { state: undefined };
  return before?.round === offer.round - 1 ? before.strategy : undefined;
}
