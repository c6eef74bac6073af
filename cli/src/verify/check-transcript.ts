import {
  type Hash,
  MaskingError,
  type RoundConfig,
  type RoundTranscript,
  type RunPlan,
  type SumVerifier,
  sha256Hex,
  type VerifiedSum,
  verifyTranscript,
} from "@chorus/aggregation";
import { ClientError, readTranscript } from "@chorus/client";
import type { CompletedRound } from "../operator/run.ts";
import { shortHash } from "../terminal/format.ts";
import { mostTranscriptBytes } from "./file-bounds.ts";
import { causedBy, compare, type Difference, type HistorySource } from "./history.ts";

/** What the transcripts of a run's rounds must be about. */
export interface ExpectedRun {
  readonly runId: Hash;
  readonly plan: RunPlan;
  readonly planHash: Hash;
  /** Parameters of the model. */
  readonly dimension: number;
}

/** What the transcript of one round must be about. */
export interface ExpectedRound {
  readonly run: ExpectedRun;
  readonly round: CompletedRound;
  /** These two are undefined where they are not known. */
  readonly federationId: Hash | undefined;
  readonly roundId: Hash | undefined;
}

/** The sum that a round's transcript proves. */
export interface ProvenSum extends VerifiedSum {
  readonly federationId: Hash;
}

/**
 * What came of a round's transcript. A proven sum may come with differences: numbers that it does not bear out. All that
 * differs is what the coordinator published, unless the transcript is not the file that its hash names.
 */
export interface TranscriptVerdict {
  readonly sum: ProvenSum | undefined;
  readonly differences: readonly Difference[];
}

/**
 * Reads a round's transcript, which must be the file that its hash names and about this round, verifies it, and compares
 * what it proves with what the round is kept with.
 */
export async function proveSum(
  expected: ExpectedRound,
  source: HistorySource,
  verifier: SumVerifier,
  signal: AbortSignal,
): Promise<TranscriptVerdict> {
  const { round, transcriptHash, cohort } = expected.round;
  if (transcriptHash === "") return noneKept(round);
  const what = `transcript ${shortHash(transcriptHash)}…`;
  const mostBytes = mostTranscriptBytes(cohort, expected.run.dimension);
  const bytes = await source.file(transcriptHash, mostBytes, signal);
  const got = "problem" in bytes ? bytes.problem : sha256Hex(bytes);
  if ("problem" in bytes || got !== transcriptHash)
    return unproven([{ round, what, expected: transcriptHash, got }]);
  try {
    return verdictOn(readTranscript(bytes), expected, verifier);
  } catch (error) {
    if (!(error instanceof MaskingError || error instanceof ClientError)) throw error;
    const found = `${error.code}: ${error.message}`;
    return unproven([{ round, what, expected: undefined, got: found, cause: "published" }]);
  }
}

function noneKept(round: number): TranscriptVerdict {
  const got = "no transcript is kept of a round made before transcripts were";
  const what = "the sum";
  return unproven([{ round, what, expected: undefined, got, cause: "unprovable" }]);
}

/** Throws MaskingError for a transcript that does not hold. */
function verdictOn(
  transcript: RoundTranscript,
  expected: ExpectedRound,
  verifier: SumVerifier,
): TranscriptVerdict {
  const { config, survivors } = transcript;
  const foreign = checkConfig(config, expected);
  if (foreign.length > 0) return unproven(causedBy("published", foreign));
  const verified = verifyTranscript(transcript, { verifier });
  const { round } = expected;
  const differences = [
    ...compare(round.round, "the cohort's size", `${config.cohort.length}`, `${round.cohort}`),
    ...compare(round.round, "the number of survivors", `${survivors.length}`, `${round.survivors}`),
    ...compare(round.round, "the updates root", verified.updatesRoot, round.updatesRoot),
    ...checkCounts(verified, round),
  ];
  return {
    sum: { ...verified, federationId: config.federationId },
    differences: causedBy("published", differences),
  };
}

/** Whether a transcript is about the round that is meant, and no weaker than the plan wants it. */
function checkConfig(
  config: RoundConfig,
  { run, round, federationId, roundId }: ExpectedRound,
): readonly Difference[] {
  const { clippingNorm, maxExamples } = run.plan.protection;
  const { minSurvivors } = run.plan.roundPolicy;
  const facts: readonly (readonly [what: string, wanted: string | number, got: string | number])[] =
    [
      ["federation", federationId ?? config.federationId, config.federationId],
      ["run", run.runId, config.runId],
      ["round", round.round, config.round],
      ["round id", roundId ?? config.roundId, config.roundId],
      ["plan", run.planHash, config.planHash],
      ["parent model", round.parentModelHash, config.parentModelHash],
      ["dimension", run.dimension, config.dimension],
      ["clipping norm", clippingNorm, config.clippingNorm],
      ["most examples", maxExamples, config.maxExamples],
      ["fewest survivors", Math.max(minSurvivors, config.minSurvivors), config.minSurvivors],
    ];
  return facts.flatMap(([what, wanted, got]) =>
    compare(round.round, `the transcript's ${what}`, `${wanted}`, `${got}`),
  );
}

/** The sums that a round is kept with against those that its survivors' vectors come to. */
function checkCounts({ counts }: VerifiedSum, round: CompletedRound): readonly Difference[] {
  const { evaluationExamples, evaluationLossMillis } = counts;
  // The coordinator's two divisions, each of which IEEE 754 rounds in one way only.
  const loss = evaluationExamples === 0 ? 0 : evaluationLossMillis / 1000 / evaluationExamples;
  const sums = [
    ["training examples", counts.trainingExamples, round.trainingExamples],
    ["evaluation examples", evaluationExamples, round.evaluationExamples],
    ["correct ones", counts.evaluationCorrect, round.evaluationCorrect],
    ["mean loss", loss, round.evaluationLoss],
  ] as const;
  return sums.flatMap(([what, proven, kept]) =>
    compare(round.round, `the ${what}`, `${proven}`, `${kept}`),
  );
}

function unproven(differences: readonly Difference[]): TranscriptVerdict {
  return { sum: undefined, differences };
}
