import { sha256Hex } from "@chorus/aggregation";
import type { CompletedRound } from "../operator/run.ts";

/** The round of a statistics run of three sites, which gave a model of this hash. */
export function statisticsRound(modelHash: string, parentModelHash: string): CompletedRound {
  return {
    round: 1,
    attempts: 1,
    parentModelHash,
    modelHash,
    updatesRoot: sha256Hex("updates"),
    transcriptHash: "",
    cohort: 3,
    survivors: 3,
    startedAtMs: 0,
    endedAtMs: 1,
    phases: [],
    receivedBytes: 0,
    sentBytes: 0,
    trainingExamples: 30,
    evaluationExamples: 0,
    evaluationCorrect: 0,
    evaluationLoss: 0,
    ledgerEntry: undefined,
  };
}
