import {
  initialModel,
  layoutOf,
  type ModelLayout,
  openCommitmentScheme,
  type RunPlan,
  stateLength,
} from "@chorus/aggregation";
import type { LedgerEntry } from "@chorus/chain";
import type { CompletedRound, RunDetails } from "../operator/run.ts";
import { checkEntry } from "./check-entry.ts";
import { checkFiles, checkInitialModel, checkParent } from "./check-files.ts";
import type {
  Difference,
  HistorySource,
  ProvenRound,
  RoundProofs,
  StoredFacts,
  VerifiedRound,
} from "./history.ts";
import { Replay } from "./replay.ts";
import { ReportedRounds } from "./reported-rounds.ts";

/** A run's history as it was read. */
export interface ReadHistory {
  readonly source: HistorySource;
  readonly details: RunDetails;
  /** By round; undefined when the chain does not hold. */
  readonly entries: readonly LedgerEntry[] | undefined;
  /** What was found damaged before any round was looked at. */
  readonly damaged: readonly Difference[];
  /** Takes what is found. */
  readonly differences: Difference[];
  /** Told of every round that has been verified, and of how many there are. */
  readonly onRound?: (verified: number, rounds: number) => void;
}

/** What all rounds of a run are verified with. */
interface RunTools {
  readonly plan: RunPlan;
  readonly layout: ModelLayout;
  readonly stored: StoredFacts;
  readonly proofs: RoundProofs;
}

/** Verifies a run's initial model, then its rounds, one after the other. Throws as `verifyRun` does. */
export async function verifyRounds(
  history: ReadHistory,
  plan: RunPlan,
  signal: AbortSignal,
): Promise<readonly VerifiedRound[]> {
  const { details, source, differences, onRound } = history;
  const layout = layoutOf(plan.model);
  const stored = await source.storedFacts(details.run.runId, signal);
  const first = initialModel(layout, plan.seed);
  differences.push(...(await checkInitialModel(details, first, layout, source, signal)));
  const proofs = proofsOf(history, { plan, layout, stored }, first);
  const rounds: VerifiedRound[] = [];
  for (const round of details.rounds) {
    signal.throwIfAborted();
    rounds.push(await verifyRound(history, { plan, layout, stored, proofs }, round, signal));
    onRound?.(rounds.length, details.rounds.length);
  }
  return rounds;
}

/** `first`: the model before round 1. */
function proofsOf(
  { details, source }: ReadHistory,
  { plan, layout, stored }: Omit<RunTools, "proofs">,
  first: Float32Array,
): RoundProofs {
  const { runId, planHash } = details.run;
  const run = { runId, plan, planHash, dimension: layout.parameters };
  const { federationId } = stored;
  if (plan.protection.kind === "he") return new ReportedRounds({ run, federationId }, source);
  const tools = { source, verifier: openCommitmentScheme() };
  return new Replay({ run, layout, first, federationId }, tools);
}

async function verifyRound(
  { details, source, entries, damaged, differences }: ReadHistory,
  { plan, layout, stored, proofs }: RunTools,
  round: CompletedRound,
  signal: AbortSignal,
): Promise<VerifiedRound> {
  const { runId, planHash } = details.run;
  const isEncrypted = plan.protection.kind === "he";
  const kept = stored.rounds.get(round.round);
  const state = kept?.strategyStateHash;
  const places = {
    layout,
    stateLength: stateLength(plan.strategy, layout.parameters),
    state,
    source,
  };
  const files = isEncrypted ? [] : await checkFiles(round, places, signal);
  const model = [...checkParent(details, round), ...files];
  const sum = await proofs.next(round, kept, signal);
  const entry = entries?.[round.round - 1];
  const compared = entries === undefined ? [] : checkEntry(planHash, runId, round, entry);
  differences.push(...model, ...sum.differences, ...compared);
  const chain = [...compared, ...damaged.filter((found) => found.round === round.round)];
  return {
    round: round.round,
    modelHash: round.modelHash,
    model: modelVerdict(model, isEncrypted),
    sum: sumVerdict(sum, isEncrypted),
    reports: sum.reports,
    chain: chain.length > 0 || entries === undefined ? "differs" : chainVerdict(entry),
    entry: entry?.entry,
  };
}

function modelVerdict(found: readonly Difference[], isEncrypted: boolean): VerifiedRound["model"] {
  if (found.length > 0) return "differs";
  return isEncrypted ? "at-participants" : "holds";
}

function sumVerdict({ differences }: ProvenRound, isEncrypted: boolean): VerifiedRound["sum"] {
  if (differences.length === 0) return isEncrypted ? "signed" : "holds";
  return differences.every(({ cause }) => cause === "unprovable") ? "unprovable" : "differs";
}

function chainVerdict(entry: LedgerEntry | undefined): VerifiedRound["chain"] {
  return entry === undefined ? "waits" : "holds";
}
