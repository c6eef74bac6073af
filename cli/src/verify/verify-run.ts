import {
  canonicalPlan,
  type Hash,
  PlanError,
  parseRunPlan,
  planHash,
  type RunPlan,
} from "@chorus/aggregation";
import { type LedgerEntry, LedgerError, type LedgerReader } from "@chorus/chain";
import { CliError } from "../cli-error.ts";
import type { RunDetails } from "../operator/run.ts";
import { checkPreparation } from "./check-preparation.ts";
import {
  compare,
  type Difference,
  type DifferenceCause,
  damageOf,
  describeDifference,
  type HistorySource,
  type Verification,
} from "./history.ts";
import { verifyRounds } from "./verify-rounds.ts";

/** What is verified, and who hears how far it is. */
export interface VerifiedHistory {
  readonly source: HistorySource;
  readonly ledger: LedgerReader;
  /** Told of every round that has been recomputed, and of how many there are. */
  readonly onRound?: (recomputed: number, rounds: number) => void;
}

/**
 * Recomputes a run's history from its plan to its newest model: every hash, and every model from the plan's seed and the sums
 * that the rounds' transcripts prove; in an encrypted run, what enough survivors signed of every model. Whatever differs is in the result, nothing is thrown for it. Holds one model, one state
 * and one transcript at a time. Throws what the source and the ledger throw when they cannot be read at all, and the
 * signal's reason.
 */
export async function verifyRun(
  runId: Hash,
  verified: VerifiedHistory,
  signal: AbortSignal,
): Promise<Verification> {
  const { source, ledger } = verified;
  const details = await source.details(runId, signal);
  const audited = await source.audit(signal);
  const { entries, broken } = await readLedger(runId, ledger, signal);
  const damaged = [...audited, ...broken].map((found) => atItsRound(found, details));
  const differences: Difference[] = [...damaged, ...checkRun(details)];
  const plan = readPlan(details, differences);
  const history = { ...verified, details, entries, damaged, differences };
  const preparation = plan && (await checkPreparation(plan, source, signal));
  differences.push(...(preparation?.differences ?? []));
  const rounds = plan === undefined ? [] : await verifyRounds(history, plan, signal);
  differences.push(...checkEnd(details, entries ?? []));
  return {
    runId,
    planName: details.run.name,
    planHash: details.run.planHash,
    source: source.description,
    ledger: ledger.description,
    initialModelHash: details.run.initialModelHash,
    preparation: preparation?.checked,
    rounds,
    waiting: rounds.filter(({ chain }) => chain === "waits").length,
    differences,
  };
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
      adviceFor(differences),
    );
  const next = rounds.find(({ chain }) => chain === "waits");
  if (next === undefined) return;
  throw new CliError(
    "not-on-chain-yet",
    `round ${next.round} is not on the chain yet${andMore(waiting)}; all before it holds`,
    "Verify again when the coordinator, which has to run for that, has committed it: see `chorus run show`.",
  );
}

const causeAdvice = {
  published:
    "The coordinator published this; ask the participants for their evidence; do not use this model.",
  unprovable:
    "Made before transcripts were kept: its sum cannot be proven; start the run again to have a provable one.",
  unprepared:
    "The plan's author changed numbers after the statistics run that the plan names, or names another: ask them.",
} satisfies Record<DifferenceCause, string>;

/** What to do about each kind of difference, in the order in which they were found. */
function adviceFor(differences: readonly Difference[]): string {
  const advice = differences.map(({ cause }) =>
    cause === undefined
      ? "Do not use this model; restore the data directory from a backup, and find out who changed it."
      : causeAdvice[cause],
  );
  return [...new Set(advice)].join(" ");
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

function readPlan({ plan, run }: RunDetails, differences: Difference[]): RunPlan | undefined {
  try {
    const parsed = parseRunPlan(plan);
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
