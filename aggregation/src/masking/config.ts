import { z } from "zod";
import { canonicalJson } from "../canonical.ts";
import { sha256Hex } from "../hash.ts";
import type { ValueBits } from "../he/parameters.ts";
import { memberOf } from "../plan/member.ts";
import { MaskingError } from "./error.ts";
import type { Hash, ParticipantId } from "./messages.ts";
import { mostMissingOf } from "./neighbourhood.ts";

/** A participant that a round selected. */
export interface CohortMember {
  readonly participantId: ParticipantId;
  /** Ed25519, 32 bytes as hexadecimal. */
  readonly identityKey: Hash;
  /** Commitment to the nonce that it contributes to the masking graph's seed: see `graphNonceCommitment`. */
  readonly nonceCommitment: Hash;
}

/** Everything that a round's participants must agree on. Its hash is in every signature, key and mask of the round. */
export type RoundConfig = MaskedRoundConfig | EncryptedRoundConfig;

/** A round whose sum is opened to everybody. */
export interface MaskedRoundConfig extends CommonRoundConfig {
  readonly ringBits: 32;
  /** Updates are multiplied by 2^scaleBits before they are rounded: 0 to 24. */
  readonly scaleBits: number;
}

/** A round whose masked updates are encrypted, and whose sum is opened to its participants alone. */
export interface EncryptedRoundConfig extends CommonRoundConfig {
  readonly he: HeConfig;
}

/** How updates are encrypted. */
export interface HeConfig {
  /** Of the parameters that they follow from, with the cohort's size: see `parametersHash`. */
  readonly parametersHash: Hash;
  /** The plan's. */
  readonly valueBits: ValueBits;
  /** How updates are spread over all coordinates before they are rounded: see `rotate`. */
  readonly rotation: "hadamard-v1";
  /** State of the outer optimiser that goes with the parent model, SHA-256 of its bytes; "" where there is none (yet). */
  readonly parentStateHash: Hash | "";
}

/** What rounds of both kinds agree on. */
export interface CommonRoundConfig {
  readonly protocol: "SA-1";
  /** What expands mask seeds. */
  readonly prg: "aes-128-ctr";
  /** What participants commit to their vectors with, so that the sum can be verified: see `CommitmentScheme`. */
  readonly commitment: "ring-sis-v1";
  readonly federationId: Hash;
  readonly runId: Hash;
  /** Counts from 1. */
  readonly round: number;
  /** Fresh for every attempt at a round. */
  readonly roundId: Hash;
  readonly planHash: Hash;
  /** Model that the round trains from. */
  readonly parentModelHash: Hash;
  /** 2 to {@link MAX_COHORT} members, sorted by id. */
  readonly cohort: readonly CohortMember[];
  /** Neighbours of each participant in the masking graph: of all others when it is the cohort's size less one. */
  readonly degree: number;
  /** Shares that rebuild a secret, of the degree + 1 that there are: one for each neighbour, and the owner's. */
  readonly threshold: number;
  /** Fewer survivors than this are never unmasked. */
  readonly minSurvivors: number;
  /** Parameters of the model. */
  readonly dimension: number;
  /** L2 norm that an update is clipped to. */
  readonly clippingNorm: number;
  /** Examples from which on an update weighs no more. */
  readonly maxExamples: number;
}

/** float32 has 24 significant bits: a finer grid would only store rounding noise. */
export const MAX_SCALE_BITS = 24;

/** Far below 2^15, where sums of 16-bit limbs would leave the range of an int32; a key book of this size fits a message. */
export const MAX_COHORT = 10_000;

/** GF(2^8) has 255 coordinates other than zero, for neighbours and the owner. */
const MAX_HOLDERS = 255;

const hash = z.string().regex(/^[0-9a-f]{64}$/, "wanted 64 lowercase hexadecimal digits");
const count = (max: number) => z.int().min(1).max(max);

const commonFields = {
  protocol: z.literal("SA-1"),
  prg: z.literal("aes-128-ctr"),
  commitment: z.literal("ring-sis-v1"),
  federationId: hash,
  runId: hash,
  round: count(2 ** 32 - 1),
  roundId: hash,
  planHash: hash,
  parentModelHash: hash,
  cohort: z
    .array(
      z.strictObject({
        participantId: z.string().regex(/^[0-9a-f]{32}$/, "wanted 32 lowercase hexadecimal digits"),
        identityKey: hash,
        nonceCommitment: hash,
      }),
    )
    .min(2)
    .max(MAX_COHORT),
  degree: count(MAX_HOLDERS - 1),
  threshold: count(MAX_HOLDERS),
  minSurvivors: count(MAX_COHORT),
  dimension: count(2 ** 28),
  clippingNorm: z.number().positive(),
  maxExamples: count(2 ** 31 - 1),
};

const maskedSchema: z.ZodType<MaskedRoundConfig> = z.strictObject({
  ...commonFields,
  ringBits: z.literal(32),
  scaleBits: z.int().min(0).max(MAX_SCALE_BITS),
});

const encryptedSchema: z.ZodType<EncryptedRoundConfig> = z.strictObject({
  ...commonFields,
  he: z.strictObject({
    parametersHash: hash,
    valueBits: z.literal([8, 15, 16]),
    rotation: z.literal("hadamard-v1"),
    parentStateHash: z.union([hash, z.literal("")]),
  }),
});

/**
 * Reads a configuration that came over the wire: canonical JSON with exactly the known keys. Throws {@link MaskingError}
 * `bad-config` naming the first path that is wrong. Whether it is acceptable is for `checkRoundConfig` to say.
 */
export function parseRoundConfig(json: string): RoundConfig {
  const value = parseJson(json);
  const schema = memberOf(value, "he") === undefined ? maskedSchema : encryptedSchema;
  const result: z.ZodSafeParseResult<RoundConfig> = schema.safeParse(value);
  if (!result.success) {
    const [issue] = result.error.issues;
    const path = issue?.path.join(".") || "round configuration";
    throw new MaskingError("bad-config", `${path}: ${issue?.message}`);
  }
  if (serialiseRoundConfig(result.data) !== json) {
    throw new MaskingError("bad-config", "round configuration is not canonical JSON (RFC 8785)");
  }
  return result.data;
}

/** Canonical JSON (RFC 8785) of a configuration. */
export function serialiseRoundConfig(config: RoundConfig): string {
  return canonicalJson(config);
}

/** SHA-256 of the canonical JSON. */
export function configHash(config: RoundConfig): Hash {
  return sha256Hex(serialiseRoundConfig(config));
}

/** Whether a round's updates are encrypted, and its sum is its participants' alone. */
export function isEncrypted(config: RoundConfig): config is EncryptedRoundConfig {
  return "he" in config;
}

/** The configuration of a round that is not encrypted. Throws {@link MaskingError} `wrong-protection` for others. */
export function requireMasked(config: RoundConfig): MaskedRoundConfig {
  if (isEncrypted(config)) throw wrongProtection("encrypted", "masked only");
  return config;
}

/** The configuration of an encrypted round. Throws {@link MaskingError} `wrong-protection` for others. */
export function requireEncrypted(config: RoundConfig): EncryptedRoundConfig {
  if (!isEncrypted(config)) throw wrongProtection("masked only", "encrypted");
  return config;
}

/** Whether everybody is everybody's neighbour. */
export function isComplete({ degree, cohort }: RoundConfig): boolean {
  return degree === cohort.length - 1;
}

/**
 * Fewest advertisements that a key book may have: enough for a sum, and in a graph that is not complete no more are
 * missing than its parameters were found for.
 */
export function fewestAdvertised(config: RoundConfig): number {
  const size = config.cohort.length;
  const mostMissing = isComplete(config) ? size : mostMissingOf(size);
  return Math.max(config.threshold, config.minSurvivors, size - mostMissing);
}

/** The finest grid, up to 2^-24, with headroom. Throws {@link MaskingError} `no-headroom` when not even whole numbers fit. */
export function scaleBitsFor(cohortSize: number, clippingNorm: number): number {
  for (let bits = MAX_SCALE_BITS; bits >= 0; bits--) {
    if (hasHeadroom(cohortSize, clippingNorm, bits)) return bits;
  }
  throw new MaskingError(
    "no-headroom",
    `${cohortSize} updates clipped to ${clippingNorm} do not fit a ring of 32 bits at any scale`,
  );
}

/** Whether the sum of a whole cohort's quantised values stays within ±(2^31 - 1). */
export function hasHeadroom(cohortSize: number, clippingNorm: number, scaleBits: number): boolean {
  return cohortSize * quantisedLimit(clippingNorm, scaleBits) <= 2 ** 31 - 1;
}

/** The largest magnitude that one quantised value can have: a clipped coordinate, rounded up, and one for the rounding. */
export function quantisedLimit(clippingNorm: number, scaleBits: number): number {
  return Math.ceil(clippingNorm * 2 ** scaleBits) + 1;
}

function wrongProtection(got: string, wanted: string): MaskingError {
  return new MaskingError("wrong-protection", `the round is ${got}, wanted ${wanted}`);
}

function parseJson(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch (cause) {
    throw new MaskingError("bad-config", "round configuration is not JSON", { cause });
  }
}
