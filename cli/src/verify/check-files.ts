import {
  type Hash,
  ModelError,
  type ModelLayout,
  modelFromBytes,
  modelHash,
  sha256Hex,
} from "@chorus/aggregation";
import type { CompletedRound, RunDetails } from "../operator/run.ts";
import { shortHash } from "../terminal/format.ts";
import { mostVectorBytes } from "./file-bounds.ts";
import { compare, type Difference, type HistorySource } from "./history.ts";

/** The model before the first round: that it is the one that the plan's seed gives, which is `first`, and its file. */
export async function checkInitialModel(
  { run }: RunDetails,
  first: Float32Array,
  layout: ModelLayout,
  source: HistorySource,
  signal: AbortSignal,
): Promise<readonly Difference[]> {
  return [
    ...compare(0, "the initial model", modelHash(layout, first), run.initialModelHash),
    ...(await checkModelFile(0, run.initialModelHash, layout, source, signal)),
  ];
}

/** Where what a masked round left in files is looked for. */
export interface RoundFiles {
  readonly layout: ModelLayout;
  /** Numbers that the strategy keeps; 0 for one without a state. */
  readonly stateLength: number;
  /** Hash of the strategy's state; empty when there is none, undefined when none is told. */
  readonly state: Hash | "" | undefined;
  readonly source: HistorySource;
}

/** Whether a round began with the model of the round before. */
export function checkParent(
  { run, rounds }: RunDetails,
  round: CompletedRound,
): readonly Difference[] {
  const before = rounds[round.round - 2];
  const parent = round.round === 1 ? run.initialModelHash : (before?.modelHash ?? "none");
  return compare(round.round, "the parent model", parent, round.parentModelHash);
}

/** The files of a masked round's model and its strategy's state. */
export async function checkFiles(
  round: CompletedRound,
  { layout, stateLength, state, source }: RoundFiles,
  signal: AbortSignal,
): Promise<readonly Difference[]> {
  return [
    ...(await checkModelFile(round.round, round.modelHash, layout, source, signal)),
    ...(await checkStateFile(round.round, state, stateLength, source, signal)),
  ];
}

async function checkModelFile(
  round: number,
  expected: Hash,
  layout: ModelLayout,
  source: HistorySource,
  signal: AbortSignal,
): Promise<readonly Difference[]> {
  const what = `model file ${shortHash(expected)}…`;
  const bytes = await source.file(expected, mostVectorBytes(layout.parameters), signal);
  if ("problem" in bytes) return [{ round, what, expected, got: bytes.problem }];
  try {
    return compare(round, what, expected, modelHash(layout, modelFromBytes(layout, bytes)));
  } catch (error) {
    if (!(error instanceof ModelError)) throw error;
    return [{ round, what, expected: undefined, got: error.message }];
  }
}

/** The file of the strategy's state after a round, where there is one. Its name is the SHA-256 of its bytes. */
async function checkStateFile(
  round: number,
  expected: Hash | "" | undefined,
  stateLength: number,
  source: HistorySource,
  signal: AbortSignal,
): Promise<readonly Difference[]> {
  // One where there should be none is told of with the model that is made again.
  if (expected === undefined || expected === "" || stateLength === 0) return [];
  const bytes = await source.file(expected, mostVectorBytes(stateLength), signal);
  const got = "problem" in bytes ? bytes.problem : sha256Hex(bytes);
  return compare(round, `strategy state file ${shortHash(expected)}…`, expected, got);
}
