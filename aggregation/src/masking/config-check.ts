import { parametersHash, type ValueBits } from "../he/parameters.ts";
import { bytesOfHex } from "../hex.ts";
import { participantIdOf } from "../identity.ts";
import {
  type CohortMember,
  type EncryptedRoundConfig,
  hasHeadroom,
  isEncrypted,
  type MaskedRoundConfig,
  type RoundConfig,
  scaleBitsFor,
} from "./config.ts";
import { heParametersOf } from "./encryption.ts";
import { MaskingError, type MaskingErrorCode } from "./error.ts";
import { type Guard, strictGuard } from "./guard.ts";
import type { Hash } from "./messages.ts";
import { neighbourhoodFor } from "./neighbourhood.ts";

/** What a participant knows of a round before it sees the configuration, and the least that it insists on. */
export interface RoundExpectation {
  readonly federationId: Hash;
  readonly runId: Hash;
  readonly round: number;
  readonly roundId: Hash;
  /** Of the plan that the participant accepted. */
  readonly planHash: Hash;
  /** Of the model that it trained from. */
  readonly parentModelHash: Hash;
  /** Parameters of that model. */
  readonly dimension: number;
  /** The plan's. */
  readonly clippingNorm: number;
  /** The plan's. */
  readonly maxExamples: number;
  /** The plan's, where its rounds are encrypted. */
  readonly valueBits: ValueBits | undefined;
  /** Where rounds are encrypted: of the outer optimiser's state that goes with that model; "" where there is none. */
  readonly parentStateHash: Hash | "";
  /** The plan's. */
  readonly minSurvivors: number;
  /** The site's own floor, whatever the plan says. */
  readonly minSurvivorsFloor: number;
}

/** Two survivors at least: the sum of one update is that update. */
const FEWEST_SURVIVORS = 2;

/**
 * What a participant checks before it signs anything: the round is the one it expects, it is itself in the cohort, and
 * no guarantee is weaker than the protocol, the plan and its own floors want. Throws {@link MaskingError} with a code for
 * each way to fail.
 */
export function checkRoundConfig(
  config: RoundConfig,
  expected: RoundExpectation,
  own: CohortMember,
  guard: Guard = strictGuard,
): void {
  checkExpectedRound(config, expected, guard);
  checkExpectedProtection(config, expected, guard);
  if (isEncrypted(config)) requireParentState(config, expected.parentStateHash, guard);
  checkSoundConfig(config, guard);
  requireMember(config, own, guard);
  const fewest = Math.max(expected.minSurvivors, expected.minSurvivorsFloor);
  requireMinSurvivors(config, fewest, guard);
}

/**
 * What holds for every configuration, whoever looks: a cohort sorted without duplicates whose ids come from its keys, the
 * masking graph and the threshold that its size wants, two survivors or more, and the finest scale with headroom, or
 * encryption of exactly these parameters with room for all of them. Throws {@link MaskingError}.
 */
export function checkSoundConfig(config: RoundConfig, guard: Guard = strictGuard): void {
  checkCohort(config.cohort, guard);
  checkNeighbourhood(config, guard);
  requireMinSurvivors(config, FEWEST_SURVIVORS, guard);
  if (isEncrypted(config)) checkEncryption(config, guard);
  else checkScale(config, guard);
}

/**
 * Throws {@link MaskingError} unless the cohort has this member under exactly this key (`not-in-cohort`) and with exactly
 * this commitment to its nonce (`wrong-nonce-commitment`).
 */
export function requireMember(
  config: RoundConfig,
  own: CohortMember,
  guard: Guard = strictGuard,
): void {
  const listed = config.cohort.find((member) => member.participantId === own.participantId);
  if (listed?.identityKey !== own.identityKey) {
    const found = listed === undefined ? "not there" : "there under another key";
    const message = `participant ${own.participantId} is ${found}`;
    guard.refuse(new MaskingError("not-in-cohort", message));
  }
  if (listed?.nonceCommitment !== own.nonceCommitment) {
    const message = `participant ${own.participantId} is there with another commitment to its nonce`;
    guard.refuse(new MaskingError("wrong-nonce-commitment", message));
  }
}

/**
 * More neighbours than wanted are refused as well: the threshold would protect less among them. So is a higher threshold:
 * with it, a round fails for fewer dropouts than the protocol promises to survive.
 */
function checkNeighbourhood({ cohort, degree, threshold }: RoundConfig, guard: Guard): void {
  const wanted = neighbourhoodFor(cohort.length);
  if (degree !== wanted.degree) {
    const message = `degree is ${degree}, wanted ${wanted.degree} for ${cohort.length}`;
    guard.refuse(new MaskingError("wrong-degree", message));
  }
  if (threshold < wanted.threshold) {
    const message = `threshold is ${threshold}, wanted ${wanted.threshold} for ${cohort.length}`;
    guard.refuse(new MaskingError("low-threshold", message));
  }
  if (threshold > wanted.threshold) {
    const message = `threshold is ${threshold}, wanted ${wanted.threshold} for ${cohort.length}`;
    guard.refuse(new MaskingError("high-threshold", message));
  }
}

/** A scale that is too fine lets the sum wrap; one that is too coarse rounds the participants' work away. */
function checkScale({ cohort, clippingNorm, scaleBits }: MaskedRoundConfig, guard: Guard): void {
  const size = cohort.length;
  if (!hasHeadroom(size, clippingNorm, scaleBits)) {
    const message = `${size} updates clipped to ${clippingNorm} at 2^${scaleBits} exceed 2^31 - 1`;
    guard.refuse(new MaskingError("no-headroom", message));
    return;
  }
  const wanted = scaleBitsFor(size, clippingNorm);
  if (scaleBits !== wanted) {
    const message = `scaleBits is ${scaleBits}, wanted ${wanted} for ${size} updates clipped to ${clippingNorm}`;
    guard.refuse(new MaskingError("wrong-scale", message));
  }
}

/**
 * A cohort that sums have room for is small enough for a complete graph, in which every sharer has every other's contribution
 * to the key.
 */
function checkEncryption(config: EncryptedRoundConfig, guard: Guard): void {
  const got = config.he.parametersHash;
  const wanted = parametersHash(heParametersOf(config));
  if (got !== wanted) {
    const message = `parametersHash is ${got}, wanted ${wanted}`;
    guard.refuse(new MaskingError("wrong-parameters", message));
  }
}

function checkExpectedProtection(
  config: RoundConfig,
  { valueBits }: RoundExpectation,
  guard: Guard,
): void {
  const got = isEncrypted(config) ? config.he.valueBits : undefined;
  if (got === valueBits) return;
  const named = (bits: ValueBits | undefined) =>
    bits === undefined ? "masked only" : `encrypted, values of ${bits} bits`;
  const message = `the round is ${named(got)}, wanted ${named(valueBits)}`;
  guard.refuse(new MaskingError("wrong-protection", message));
}

function requireParentState({ he }: EncryptedRoundConfig, wanted: Hash | "", guard: Guard): void {
  if (he.parentStateHash === wanted) return;
  const message = `parentStateHash is ${he.parentStateHash || "none"}, wanted ${wanted || "none"}`;
  guard.refuse(new MaskingError("wrong-parent-state", message));
}

function checkExpectedRound(config: RoundConfig, expected: RoundExpectation, guard: Guard): void {
  const facts = [
    ["federationId", "wrong-federation"],
    ["runId", "wrong-run"],
    ["round", "wrong-round"],
    ["roundId", "wrong-round-id"],
    ["planHash", "wrong-plan"],
    ["parentModelHash", "wrong-parent-model"],
    ["dimension", "wrong-dimension"],
    ["clippingNorm", "wrong-clipping-norm"],
    ["maxExamples", "wrong-max-examples"],
  ] as const satisfies readonly (readonly [keyof RoundExpectation, MaskingErrorCode])[];
  for (const [name, code] of facts) {
    if (config[name] !== expected[name]) {
      const message = `${name} is ${config[name]}, wanted ${expected[name]}`;
      guard.refuse(new MaskingError(code, message));
    }
  }
}

function checkCohort(cohort: readonly CohortMember[], guard: Guard): void {
  const refuse = (code: MaskingErrorCode, message: string) =>
    guard.refuse(new MaskingError(code, message));
  const keys = new Set<Hash>();
  let previous = "";
  for (const { participantId, identityKey } of cohort) {
    if (participantId === previous) refuse("duplicate-id", `${participantId} is there twice`);
    if (participantId < previous) {
      refuse("unsorted-cohort", `${participantId} comes after ${previous}`);
    }
    if (keys.has(identityKey)) refuse("duplicate-key", `${participantId} has another member's key`);
    const wanted = participantIdOf(bytesOfHex(identityKey));
    if (participantId !== wanted) {
      refuse("wrong-id", `id is ${participantId}, wanted ${wanted} for its key`);
    }
    keys.add(identityKey);
    previous = participantId;
  }
}

function requireMinSurvivors(config: RoundConfig, wanted: number, guard: Guard): void {
  if (config.minSurvivors < wanted) {
    const message = `minSurvivors is ${config.minSurvivors}, wanted ${wanted} or more`;
    guard.refuse(new MaskingError("low-min-survivors", message));
  }
}
