import {
  canonicalPlan,
  type Hash,
  layoutOf,
  type Plan,
  PlanError,
  parsePlan,
  planHash,
} from "@chorus/aggregation";
import { type LedgerEntry, LedgerError, type LedgerReader } from "@chorus/chain";
import { CliError } from "../cli-error.ts";
import type { CompletedRound, RunDetails } from "../operator/run.ts";
import { checkEntry } from "./check-entry.ts";
import { checkInitialModel, checkRound } from "./check-files.ts";
import {
  compare,
  type Difference,
  damageOf,
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
  const history = { details, source, entries, damaged, differences };
  const rounds = plan === undefined ? [] : await verifyRounds(history, plan, signal);
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

/** A run's history as it was read. */
interface History {
  readonly details: RunDetails;
  readonly source: HistorySource;
  /** By round; undefined when the chain does not hold. */
  readonly entries: readonly LedgerEntry[] | undefined;
  readonly damaged: readonly Difference[];
  /** Takes what is found. */
  readonly differences: Difference[];
}

async function verifyRounds(
  { details, source, entries, damaged, differences }: History,
  plan: Plan,
  signal: AbortSignal,
): Promise<readonly VerifiedRound[]> {
  const { runId, planHash: hash } = details.run;
  const layout = layoutOf(plan.model);
  const states = await source.strategyStates(runId, signal);
  differences.push(...(await checkInitialModel(details, plan, layout, source, signal)));
  const rounds: VerifiedRound[] = [];
  for (const round of details.rounds) {
    const files = { layout, state: states.get(round.round), source };
    const model = await checkRound(details, round, files, signal);
    const entry = entries?.[round.round - 1];
    const compared = entries === undefined ? [] : checkEntry(hash, runId, round, entry);
    differences.push(...model, ...compared);
    const chain = [...compared, ...damaged.filter((found) => found.round === round.round)];
    rounds.push(verdict(round, model, chain, entry, entries !== undefined));
  }
  return rounds;
}

/**
 * Throws {@link CliError} unless everything holds: `verification-failed` with the first difference; when nothing differs,
 * `not-on-chain-yet` with the first round that is not on the chain.
 */
export function requireThatHolds({ differences, rounds, waiting }: Verification): void {
  const [first] = differences;
  if (first !== undefined)
    throw new CliError(
      "verification-failed",
      `${describeDifference(first)}${andMore(differences.length)}`,
      "Do not use this model; restore the data directory from a backup, and find out who changed it.",
    );
  const next = rounds.find(({ chain }) => chain === "waits");
  if (next === undefined) return;
  throw new CliError(
    "not-on-chain-yet",
    `round ${next.round} is not on the chain yet${andMore(waiting)}; all before it holds`,
    "Verify again when the coordinator, which has to run for that, has committed it: see `chorus run show`.",
  );
}

function andMore(count: number): string {
  return count === 1 ? "" : ` (and ${count - 1} more)`;
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
    return { entries: undefined, broken: [damageOf("the chain", error)] };
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
    differences.push(damageOf("the plan", error));
    return undefined;
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
  const { block } = difference;
  if (block === undefined) return difference;
  const found = rounds.find(({ ledgerEntry }) => ledgerEntry?.blockNumber === block);
  return { ...difference, round: difference.round ?? found?.round };
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
