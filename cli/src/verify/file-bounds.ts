import { COMMITMENT_BYTES, contentLength, RANDOMNESS_WORDS } from "@chorus/aggregation";

/** More than the keys, hashes and signatures of a participant in a transcript, and its place in the configuration. */
const memberBytes = COMMITMENT_BYTES + 1_024;

/** More than the rest of a configuration, and the tags and lengths of the fields. */
const otherBytes = 4_096;

/** Bytes that the file of a model, or of a strategy's state, has at most: of a vector of so many numbers. */
export function mostVectorBytes(length: number): number {
  return 4 * length;
}

/** Bytes that no transcript of a round with this cohort reaches. */
export function mostTranscriptBytes(cohort: number, parameters: number): number {
  const words = contentLength(parameters) + RANDOMNESS_WORDS;
  return cohort * memberBytes + 4 * words + otherBytes;
}
