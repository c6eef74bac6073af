import {
  type Hash,
  isEncryptedTranscript,
  type RoundTranscript,
  stateLength,
  verifyReports,
} from "@chorus/aggregation";
import type { CompletedRound } from "../operator/run.ts";
import {
  causedBy,
  compare,
  type Difference,
  type HistorySource,
  type ProvenRound,
  type RoundProofs,
  type StoredRound,
} from "./history.ts";
import {
  checkConfig,
  checkNumbers,
  type ExpectedRound,
  type ExpectedRun,
  type Fact,
  judgeTranscript,
  type TranscriptVerdict,
  unproven,
} from "./kept-transcript.ts";

/** What enough survivors of an encrypted round have signed alike. */
interface ReportedRound {
  readonly federationId: Hash;
  readonly modelHash: Hash;
  readonly stateHash: Hash | "";
  readonly reports: number;
}

/**
 * The rounds of an encrypted run, whose sums only participants have seen: a round's transcript must prove that enough of its
 * survivors signed the model, the strategy's state and the counts that it is kept with.
 */
export class ReportedRounds implements RoundProofs {
  readonly #run: ExpectedRun;
  readonly #source: HistorySource;
  /** That of the first proven round, where nobody told it. */
  #federationId: Hash | undefined;
  /** Of the strategy's state that the next round goes on with; undefined where it is not known. */
  #stateHash: Hash | "" | undefined = "";

  constructor(
    options: { readonly run: ExpectedRun; readonly federationId: Hash | undefined },
    source: HistorySource,
  ) {
    this.#run = options.run;
    this.#federationId = options.federationId;
    this.#source = source;
  }

  async next(
    round: CompletedRound,
    stored: StoredRound | undefined,
    signal: AbortSignal,
  ): Promise<ProvenRound> {
    const federationId = this.#federationId;
    const expected = { run: this.#run, round, federationId, roundId: stored?.roundId };
    const parentState = this.#stateHash;
    const prove = (transcript: RoundTranscript) => verdictOn(transcript, expected, parentState);
    const { proven, differences } = await judgeTranscript(expected, this.#source, prove, signal);
    this.#stateHash = proven === undefined ? stored?.strategyStateHash : proven.stateHash;
    if (proven === undefined) return { differences, reports: undefined };
    this.#federationId ??= proven.federationId;
    const results = checkResults(proven, round, stored, this.#run);
    return { differences: [...differences, ...results], reports: proven.reports };
  }
}

/** `parentState`: where it is known. Throws MaskingError for a transcript that does not hold. */
function verdictOn(
  transcript: RoundTranscript,
  expected: ExpectedRound,
  parentState: Hash | "" | undefined,
): TranscriptVerdict<ReportedRound> {
  const { round, run } = expected;
  const { protection } = run.plan;
  if (protection.kind !== "he") throw new Error("reports are of encrypted runs");
  if (!isEncryptedTranscript(transcript)) {
    const another = compare(round.round, "the transcript's protection", "he", "masking");
    return unproven(causedBy("published", another));
  }
  const { config } = transcript;
  const { parentStateHash, valueBits } = config.he;
  const encryption: readonly Fact[] = [
    [
      "state before the round",
      (parentState ?? parentStateHash) || "none",
      parentStateHash || "none",
    ],
    ["value bits", protection.valueBits, valueBits],
  ];
  const foreign = checkConfig(config, expected, encryption);
  if (foreign.length > 0) return unproven(causedBy("published", foreign));
  const verified = verifyReports(transcript, {});
  return {
    proven: { ...verified, federationId: config.federationId },
    differences: causedBy("published", checkNumbers(transcript, verified, round)),
  };
}

/** What was reported against what is kept. */
function checkResults(
  { modelHash, stateHash }: ReportedRound,
  round: CompletedRound,
  stored: StoredRound | undefined,
  { plan, dimension }: ExpectedRun,
): readonly Difference[] {
  const reported = stateHash || "none";
  const wanted = stateLength(plan.strategy, dimension) === 0 ? "none" : stateHash || "one";
  const what = "the strategy's state";
  return causedBy("published", [
    ...compare(round.round, "the model that participants signed", modelHash, round.modelHash),
    ...compare(round.round, `${what} that participants signed`, wanted, reported),
    ...(stored === undefined
      ? []
      : compare(round.round, what, reported, stored.strategyStateHash || "none")),
  ]);
}
