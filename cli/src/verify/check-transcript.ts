import {
  type Hash,
  isEncryptedTranscript,
  type RoundTranscript,
  type SumVerifier,
  type VerifiedSum,
  verifyTranscript,
} from "@chorus/aggregation";
import { causedBy, compare, type HistorySource } from "./history.ts";
import {
  checkConfig,
  checkNumbers,
  type ExpectedRound,
  judgeTranscript,
  type TranscriptVerdict,
  unproven,
} from "./kept-transcript.ts";

/** The sum that a round's transcript proves. */
export interface ProvenSum extends VerifiedSum {
  readonly federationId: Hash;
}

/**
 * Reads a masked round's transcript, which must be the file that its hash names and about this round, verifies it, and
 * compares what it proves with what the round is kept with.
 */
export function proveSum(
  expected: ExpectedRound,
  source: HistorySource,
  verifier: SumVerifier,
  signal: AbortSignal,
): Promise<TranscriptVerdict<ProvenSum>> {
  const prove = (transcript: RoundTranscript) => verdictOn(transcript, expected, verifier);
  return judgeTranscript(expected, source, prove, signal);
}

/** Throws MaskingError for a transcript that does not hold. */
function verdictOn(
  transcript: RoundTranscript,
  expected: ExpectedRound,
  verifier: SumVerifier,
): TranscriptVerdict<ProvenSum> {
  const { round } = expected;
  if (isEncryptedTranscript(transcript)) {
    const another = compare(round.round, "the transcript's protection", "masking", "he");
    return unproven(causedBy("published", another));
  }
  const { config } = transcript;
  const foreign = checkConfig(config, expected);
  if (foreign.length > 0) return unproven(causedBy("published", foreign));
  const verified = verifyTranscript(transcript, { verifier });
  return {
    proven: { ...verified, federationId: config.federationId },
    differences: causedBy("published", checkNumbers(transcript, verified, round)),
  };
}
