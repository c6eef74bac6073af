import {
  type Hash,
  MaskingError,
  type RoundConfig,
  type RoundTranscript,
  type RunPlan,
  sha256Hex,
  type UpdateCounts,
} from "@chorus/aggregation";
import { ClientError, readTranscript } from "@chorus/client";
import type { CompletedRound } from "../operator/run.ts";
import { shortHash } from "../terminal/format.ts";
import { mostTranscriptBytes } from "./file-bounds.ts";
import { compare, type Difference, type HistorySource } from "./history.ts";

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

/**
 * What came of a round's transcript. What is proven may come with differences: numbers that it does not bear out. All that
 * differs is what the coordinator published, unless the transcript is not the file that its hash names.
 */
export interface TranscriptVerdict<Proven> {
  readonly proven: Proven | undefined;
  readonly differences: readonly Difference[];
}

/** That a transcript proves nothing, and why. */
export function unproven(differences: readonly Difference[]): TranscriptVerdict<never> {
  return { proven: undefined, differences };
}

/**
 * Reads a round's transcript, which must be the file that its hash names, and says what `prove` makes of it; MaskingErrors
 * that it throws are differences.
 */
export async function judgeTranscript<Proven>(
  expected: ExpectedRound,
  source: HistorySource,
  prove: (transcript: RoundTranscript) => TranscriptVerdict<Proven>,
  signal: AbortSignal,
): Promise<TranscriptVerdict<Proven>> {
  const { round, transcriptHash, cohort } = expected.round;
  if (transcriptHash === "") return noneKept(round);
  const { plan, dimension } = expected.run;
  const what = `transcript ${shortHash(transcriptHash)}…`;
  const mostBytes = mostTranscriptBytes(cohort, dimension, plan.protection);
  const bytes = await source.file(transcriptHash, mostBytes, signal);
  const got = "problem" in bytes ? bytes.problem : sha256Hex(bytes);
  if ("problem" in bytes || got !== transcriptHash)
    return unproven([{ round, what, expected: transcriptHash, got }]);
  try {
    return prove(readTranscript(bytes));
  } catch (error) {
    if (!(error instanceof MaskingError || error instanceof ClientError)) throw error;
    const found = `${error.code}: ${error.message}`;
    return unproven([{ round, what, expected: undefined, got: found, cause: "published" }]);
  }
}

function noneKept(round: number): TranscriptVerdict<never> {
  const got = "no transcript is kept of a round made before transcripts were";
  const what = "the sum";
  return unproven([{ round, what, expected: undefined, got, cause: "unprovable" }]);
}

/** Something that a transcript's configuration must say. */
export type Fact = readonly [what: string, wanted: string | number, got: string | number];

/** Whether a transcript is about the round that is meant, and no weaker than the plan wants it. `more`: of its kind alone. */
export function checkConfig(
  config: RoundConfig,
  { run, round, federationId, roundId }: ExpectedRound,
  more: readonly Fact[] = [],
): readonly Difference[] {
  const { clippingNorm, maxExamples } = run.plan.protection;
  const { minSurvivors } = run.plan.roundPolicy;
  const facts: readonly Fact[] = [
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
    ...more,
  ];
  return facts.flatMap(([what, wanted, got]) =>
    compare(round.round, `the transcript's ${what}`, `${wanted}`, `${got}`),
  );
}

/** What signed messages of a round bear out of what it is kept with. */
interface SignedNumbers {
  readonly counts: UpdateCounts;
  readonly updatesRoot: Hash;
}

/** The numbers that a round is kept with against those of its transcript. */
export function checkNumbers(
  { config, survivors }: RoundTranscript,
  { counts, updatesRoot }: SignedNumbers,
  round: CompletedRound,
): readonly Difference[] {
  return [
    ...compare(round.round, "the cohort's size", `${config.cohort.length}`, `${round.cohort}`),
    ...compare(round.round, "the number of survivors", `${survivors.length}`, `${round.survivors}`),
    ...compare(round.round, "the updates root", updatesRoot, round.updatesRoot),
    ...checkCounts(counts, round),
  ];
}

/** The sums that a round is kept with against those that its survivors' vectors come to. */
function checkCounts(counts: UpdateCounts, round: CompletedRound): readonly Difference[] {
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
