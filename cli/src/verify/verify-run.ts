import {
  canonicalPlan,
  type Hash,
  initialModel,
  layoutOf,
  ModelError,
  type ModelLayout,
  modelFromBytes,
  modelHash,
  type Plan,
  PlanError,
  parsePlan,
  planHash,
} from "@chorus/aggregation";
import { type LedgerEntry, LedgerError, type LedgerReader } from "@chorus/chain";
import { CliError } from "../cli-error.ts";
import type { CompletedRound, RunDetails } from "../operator/run.ts";
import { shortHash } from "../terminal/format.ts";
import { checkEntry } from "./check-entry.ts";
import {
  type Difference,
  describeDifference,
  type HistorySource,
  type Verification,
  type VerifiedRound,
} from "./history.ts";

/**
 * Reads a run's history again, from its plan to its newest model, and recomputes every hash: whatever differs is in the
 * result, nothing is thrown for it. Throws what the source and the ledger throw when they cannot be read at all, and
 * the signal's reason.
 */
export async function verifyRun(
  runId: Hash,
  source: HistorySource,
  ledger: LedgerReader,
  signal: AbortSignal,
): Promise<Verification> {
  const details = await source.details(runId, signal);
  const audited = await source.audit(signal);
  const { entries, broken } = await readLedger(runId, ledger, signal);
  const damaged = [...audited, ...broken].map((found) => atItsRound(found, details));
  const differences: Difference[] = [...damaged, ...checkRun(details)];
  const plan = readPlan(details, differences);
  const rounds: VerifiedRound[] = [];
  if (plan !== undefined) {
    const layout = layoutOf(plan.model);
    differences.push(...(await checkInitialModel(details, plan, layout, source, signal)));
    for (const round of details.rounds) {
      const model = await checkRound(details, round, layout, source, signal);
      const entry = entries?.[round.round - 1];
      const compared =
        entries === undefined ? [] : checkEntry(details.run.planHash, runId, round, entry);
      differences.push(...model, ...compared);
      const chain = [...compared, ...damaged.filter((found) => found.round === round.round)];
      rounds.push(verdict(round, model, chain, entry, entries !== undefined));
    }
  }
  differences.push(...checkEnd(details, entries ?? []));
  return {
    runId,
    planName: details.run.name,
    planHash: details.run.planHash,
    source: source.description,
    ledger: ledger.description,
    initialModelHash: details.run.initialModelHash,
    rounds,
    waiting: rounds.filter(({ chain }) => chain === "waits").length,
    differences,
  };
}

/** Throws {@link CliError} `verification-failed` with the first difference, unless everything holds. */
export function requireThatHolds({ differences }: Verification): void {
  const [first, ...others] = differences;
  if (first === undefined) return;
  const more = others.length === 0 ? "" : ` (and ${others.length} more)`;
  throw new CliError(
    "verification-failed",
    `${describeDifference(first)}${more}`,
    "Do not use this model; restore the data directory from a backup, and find out who changed it.",
  );
}

async function readLedger(
  runId: Hash,
  ledger: LedgerReader,
  signal: AbortSignal,
): Promise<{ entries: readonly LedgerEntry[] | undefined; broken: readonly Difference[] }> {
  try {
    return { entries: await ledger.history(runId, signal), broken: [] };
  } catch (error) {
    if (!(error instanceof LedgerError) || error.code === "unreachable") throw error;
    return { entries: undefined, broken: [damage("the chain", error.message)] };
  }
}

function readPlan({ plan, run }: RunDetails, differences: Difference[]): Plan | undefined {
  try {
    const parsed = parsePlan(plan);
    const canonical = canonicalPlan(parsed);
    if (canonical !== plan)
      differences.push({
        round: undefined,
        what: "the plan's text",
        expected: canonical,
        got: plan,
      });
    differences.push(...compare(undefined, "the plan's hash", planHash(parsed), run.planHash));
    return parsed;
  } catch (error) {
    if (!(error instanceof PlanError)) throw error;
    differences.push(damage("the plan", error.message));
    return undefined;
  }
}

async function checkInitialModel(
  { run }: RunDetails,
  plan: Plan,
  layout: ModelLayout,
  source: HistorySource,
  signal: AbortSignal,
): Promise<readonly Difference[]> {
  const recomputed = modelHash(layout, initialModel(layout, plan.seed));
  return [
    ...compare(0, "the initial model", recomputed, run.initialModelHash),
    ...(await checkModelFile(0, run.initialModelHash, layout, source, signal)),
  ];
}

async function checkRound(
  { run, rounds }: RunDetails,
  round: CompletedRound,
  layout: ModelLayout,
  source: HistorySource,
  signal: AbortSignal,
): Promise<readonly Difference[]> {
  signal.throwIfAborted();
  const before = rounds[round.round - 2];
  const parent = round.round === 1 ? run.initialModelHash : (before?.modelHash ?? "none");
  return [
    ...compare(round.round, "the parent model", parent, round.parentModelHash),
    ...(await checkModelFile(round.round, round.modelHash, layout, source, signal)),
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
  const bytes = await source.model(expected, signal);
  if (bytes === undefined) return [{ round, what, expected, got: "no file" }];
  try {
    return compare(round, what, expected, modelHash(layout, modelFromBytes(layout, bytes)));
  } catch (error) {
    if (!(error instanceof ModelError)) throw error;
    return [{ round, what, expected: undefined, got: error.message }];
  }
}

/** What the run says of itself against its rounds. */
function checkRun({ run, rounds }: RunDetails): readonly Difference[] {
  const numbers = rounds.map(({ round }) => round);
  const wanted = numbers.map((_, index) => index + 1);
  return [
    ...compare(undefined, "the rounds' numbers", wanted.join(" "), numbers.join(" ")),
    ...compare(undefined, "the number of rounds", `${run.completedRounds}`, `${rounds.length}`),
    ...compare(
      rounds.length,
      "the run's newest model",
      rounds.at(-1)?.modelHash ?? run.initialModelHash,
      run.modelHash,
    ),
  ];
}

/** Records on the ledger of rounds that the run does not have. */
function checkEnd({ rounds }: RunDetails, entries: readonly LedgerEntry[]): readonly Difference[] {
  return entries.slice(rounds.length).map(({ record }) => ({
    round: record.round,
    what: "the chain's record",
    expected: "none, as the run has no such round",
    got: `model ${record.modelHash}`,
  }));
}

/** Damage to a block belongs to the round that the block holds. */
function atItsRound(difference: Difference, { rounds }: RunDetails): Difference {
  const block = /^block (\d+):/.exec(difference.got)?.[1];
  const found = rounds.find(({ ledgerEntry }) => ledgerEntry?.blockNumber === Number(block));
  return { ...difference, round: difference.round ?? found?.round };
}

function damage(what: string, got: string): Difference {
  return { round: undefined, what, expected: undefined, got };
}

function verdict(
  { round, modelHash }: CompletedRound,
  model: readonly Difference[],
  chain: readonly Difference[],
  entry: LedgerEntry | undefined,
  isChainRead: boolean,
): VerifiedRound {
  const onChain = entry === undefined ? "waits" : "holds";
  return {
    round,
    modelHash,
    model: model.length === 0 ? "holds" : "differs",
    chain: chain.length > 0 || !isChainRead ? "differs" : onChain,
    entry: entry?.entry,
  };
}

function compare(
  round: number | undefined,
  what: string,
  expected: string,
  got: string,
): readonly Difference[] {
  return expected === got ? [] : [{ round, what, expected, got }];
}
