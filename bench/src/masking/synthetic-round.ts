import {
  bytesToHex,
  createIdentity,
  GRAPH_NONCE_BYTES,
  graphNonceCommitment,
  type Identity,
  type MaskedRoundConfig,
  neighbourhoodFor,
  RandomNumbers,
  scaleBitsFor,
  seededRandom,
  sha256Hex,
  type UpdateCounts,
} from "@chorus/aggregation";

/** A round that nobody asked for: identities, configuration and updates that repeat. */
export interface SyntheticRound {
  readonly config: MaskedRoundConfig;
  /** Sorted by id, as the cohort is. */
  readonly identities: readonly Identity[];
}

const CLIPPING_NORM = 20;
const MAX_EXAMPLES = 1000;

/** A sound round of this size. */
export function syntheticRound(participants: number, parameters: number): SyntheticRound {
  const identities = Array.from({ length: participants }, (_, i) => {
    const seed = new Uint8Array(32);
    seededRandom(`identity ${i}`).fill(seed);
    return createIdentity(seed);
  }).toSorted((a, b) => (a.participantId < b.participantId ? -1 : 1));
  const config: MaskedRoundConfig = {
    protocol: "SA-1",
    prg: "aes-128-ctr",
    commitment: "ring-sis-v1",
    federationId: sha256Hex("federation"),
    runId: sha256Hex("run"),
    round: 1,
    roundId: sha256Hex("round"),
    planHash: sha256Hex("plan"),
    parentModelHash: sha256Hex("model"),
    cohort: identities.map((identity) => ({
      participantId: identity.participantId,
      identityKey: bytesToHex(identity.publicKey, 32),
      nonceCommitment: bytesToHex(
        graphNonceCommitment(identity.participantId, syntheticNonce(identity)),
        32,
      ),
    })),
    ...neighbourhoodFor(participants),
    minSurvivors: 2,
    dimension: parameters,
    ringBits: 32,
    scaleBits: scaleBitsFor(participants, CLIPPING_NORM),
    clippingNorm: CLIPPING_NORM,
    maxExamples: MAX_EXAMPLES,
  };
  return { config, identities };
}

/** What a participant opens for the masking graph's seed. */
export function syntheticNonce({ participantId }: Identity): Uint8Array {
  const nonce = new Uint8Array(GRAPH_NONCE_BYTES);
  seededRandom(`nonce ${participantId}`).fill(nonce);
  return nonce;
}

/** A participant's update: uniform values with an L2 norm below the clipping norm, so that nothing is clipped. */
export function syntheticUpdate(
  config: MaskedRoundConfig,
  participantId: string,
): { readonly delta: Float32Array; readonly counts: UpdateCounts } {
  const numbers = new RandomNumbers(seededRandom(participantId));
  const reach = config.clippingNorm / Math.sqrt(config.dimension);
  const delta = new Float32Array(config.dimension).map(
    () => (numbers.word() / 2 ** 31 - 1) * reach,
  );
  const counts = {
    trainingExamples: 1 + numbers.below(config.maxExamples),
    evaluationExamples: 100,
    evaluationCorrect: numbers.below(101),
    evaluationLossMillis: numbers.below(100_000),
  };
  return { delta, counts };
}
