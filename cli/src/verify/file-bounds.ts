import { COMMITMENT_BYTES, contentLength, type Plan, RANDOMNESS_WORDS } from "@chorus/aggregation";

/** More than the keys, hashes and signatures of a participant in a transcript, and its place in the configuration. */
const memberBytes = COMMITMENT_BYTES + 1_536;

/** More than the rest of a configuration, and the tags and lengths of the fields. */
const otherBytes = 4_096;

/** More than a value of an encrypted sum takes: 54 bits twice for two values. */
const encryptedValueBytes = 8;

/** Values that a word of a commitment's randomness is encrypted as at most: 16 bits in values of 8. */
const valuesPerRandomWord = 2;

/** More than a chunk of an encrypted sum, the last one of which may be almost empty. */
const chunkBytes = 32_768;

/** Bytes that the file of a model, or of a strategy's state, has at most: of a vector of so many numbers. */
export function mostVectorBytes(length: number): number {
  return 4 * length;
}

/** Bytes that no transcript of a round with this cohort and this protection reaches. */
export function mostTranscriptBytes(
  cohort: number,
  parameters: number,
  { kind }: Plan["protection"],
): number {
  const members = cohort * memberBytes + otherBytes;
  if (kind === "masking") return members + 4 * (contentLength(parameters) + RANDOMNESS_WORDS);
  // The counts' words of 16 bits are two values each, too.
  const values =
    parameters + valuesPerRandomWord * (contentLength(parameters) - parameters + RANDOMNESS_WORDS);
  return members + encryptedValueBytes * values + chunkBytes;
}
