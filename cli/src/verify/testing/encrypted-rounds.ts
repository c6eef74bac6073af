import {
  applyOuterStep,
  type EncryptedTranscript,
  type Hash,
  heConfigFor,
  initialModel,
  layoutOf,
  type MadeModel,
  modelHash,
  modelToBytes,
  type Plan,
  parsePlan,
  sha256Hex,
  signModelReport,
  type UpdateCounts,
} from "@chorus/aggregation";
import { type RoundRow, transcriptToBytes } from "@chorus/coordinator";
import { cohort, encryptedRound, members, updateOf } from "./sample-exchange.ts";
import { samplePlan } from "./sample-plan.ts";
import { commonConfigOf, keptOf, type SampleRounds, type SampleRun } from "./sample-rounds.ts";

const everybody = [0, 1, 2, 3];

/** The sample plan, with values of 8 bits that are encrypted. */
export const encryptedPlan: Plan = parsePlan({
  ...samplePlan,
  protection: { ...samplePlan.protection, kind: "he", valueBits: 8 },
});

/** Three rounds of an encrypted run, all of whose survivors report alike: its only files are the first model and transcripts. */
export function encryptedRounds(run: Omit<SampleRun, "lies">): SampleRounds {
  const layout = layoutOf(run.plan.model);
  const files = new Map<Hash, Uint8Array>();
  const keep = (hash: Hash, bytes: Uint8Array): Hash => {
    files.set(hash, bytes);
    return hash;
  };
  let outer: ReturnType<typeof applyOuterStep> = {
    model: initialModel(layout, run.plan.seed),
    state: undefined,
  };
  const initialModelHash = keep(modelHash(layout, outer.model), modelToBytes(outer.model));
  const rounds: RoundRow[] = [];
  for (const round of [1, 2, 3]) {
    const parentModelHash = rounds.at(-1)?.modelHash ?? initialModelHash;
    const config = {
      ...commonConfigOf(run, round, parentModelHash),
      he: heConfigFor(8, cohort.length, rounds.at(-1)?.strategyStateHash ?? ""),
    };
    const exchanged = encryptedRound(config, everybody);
    const { meanDelta, counts } = sumOf(everybody.map((place) => updateOf(place, config)));
    outer = applyOuterStep(run.plan.strategy, { ...outer, meanDelta });
    const made = {
      modelHash: modelHash(layout, outer.model),
      stateHash: outer.state === undefined ? "" : sha256Hex(modelToBytes(outer.state)),
      counts,
    } as const;
    const transcript = reported(exchanged.transcript, made, everybody);
    const bytes = transcriptToBytes(transcript);
    rounds.push({
      ...keptOf(exchanged, counts),
      modelHash: made.modelHash,
      strategyStateHash: made.stateHash,
      transcriptHash: keep(sha256Hex(bytes), bytes),
    });
  }
  return { plan: run.plan, initialModelHash, rounds, files };
}

/** The transcript with reports of the members at these places, all of the same. */
export function reported(
  transcript: EncryptedTranscript,
  made: MadeModel,
  places: readonly number[],
): EncryptedTranscript {
  const reporters = members.filter((_, place) => places.includes(place));
  const reports = reporters.map(({ identity }) => signModelReport(identity, transcript, made));
  return { ...transcript, reports };
}

/** The mean and the counts that these updates come to. */
function sumOf(updates: readonly ReturnType<typeof updateOf>[]): {
  meanDelta: Float64Array;
  counts: UpdateCounts;
} {
  const total = (count: keyof UpdateCounts): number =>
    updates.reduce((sum, { counts }) => sum + counts[count], 0);
  const counts = {
    trainingExamples: total("trainingExamples"),
    evaluationExamples: total("evaluationExamples"),
    evaluationCorrect: total("evaluationCorrect"),
    evaluationLossMillis: total("evaluationLossMillis"),
  };
  const weighted = updates.map(({ delta, counts: { trainingExamples } }) =>
    Float64Array.from(delta, (value) => (value * trainingExamples) / counts.trainingExamples),
  );
  const meanDelta = new Float64Array(weighted[0]?.length ?? 0).map((_, index) =>
    weighted.reduce((sum, delta) => sum + (delta[index] ?? 0), 0),
  );
  return { meanDelta, counts };
}
