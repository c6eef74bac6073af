import type { Hash } from "@chorus/aggregation";
import type { LedgerReader } from "@chorus/chain";
import type { CompletedRound, RunDetails } from "../operator/run.ts";
import type { CheckedPreparation } from "./check-preparation.ts";

/** Where a run's history is read from: a data directory, or a coordinator that runs. */
export interface HistorySource {
  /** For people: what is read. */
  readonly description: string;
  /** The run with its plan and rounds, as kept. Throws {@link CliError} `unknown-run`. */
  details(runId: Hash, signal: AbortSignal): Promise<RunDetails>;
  /**
   * The bytes that are kept for a model, a strategy's state or a transcript, whatever they hold, or why there are none to
   * look at: more than `mostBytes` are not read.
   */
  file(hash: Hash, mostBytes: number, signal: AbortSignal): Promise<Uint8Array | UnreadFile>;
  /** What only the store itself tells of a run. */
  storedFacts(runId: Hash, signal: AbortSignal): Promise<StoredFacts>;
  /** What this source can check of itself before any run is looked at: its differences, none when it holds. */
  audit(signal: AbortSignal): Promise<readonly Difference[]>;
}

/** A file that cannot be looked at. */
export interface UnreadFile {
  /** A few words: "no file". */
  readonly problem: string;
}

/** A file that is not there. */
export const noFile: UnreadFile = { problem: "no file" };

/** A file that is larger than what it is named after can be. */
export function oversizeFile(mostBytes: number): UnreadFile {
  return { problem: `more than the ${mostBytes} bytes that it can have` };
}

/** What a coordinator keeps of a run and does not tell: nothing of it where the source is a coordinator that runs. */
export interface StoredFacts {
  readonly federationId: Hash | undefined;
  /** By the round's number. */
  readonly rounds: ReadonlyMap<number, StoredRound>;
}

/** {@link StoredFacts} of one round. */
export interface StoredRound {
  readonly roundId: Hash;
  /** Of the strategy's state after the round; empty for a strategy without one. */
  readonly strategyStateHash: Hash | "";
}

/** A source and the ledger that goes with it. */
export interface OpenHistory extends AsyncDisposable {
  readonly source: HistorySource;
  readonly ledger: LedgerReader;
  /** The id of the one run whose id begins with `prefix`. Throws {@link CliError} `unknown-run`, `wrong-usage`. */
  findRun(prefix: string, signal: AbortSignal): Promise<Hash>;
}

/**
 * Whose doing a difference is, where it is not that of whoever changed or lost what was kept. "published": the coordinator
 * published something that does not hold. "unprovable": the round was made before transcripts were kept. "unprepared": the
 * plan's author says that a statistics run made its numbers, and it did not.
 */
export type DifferenceCause = "published" | "unprovable" | "unprepared";

/** Something that is not what it has to be. */
export interface Difference {
  /** 0 for the model before the first round; undefined for what belongs to no single round. */
  readonly round: number | undefined;
  /** What differs, by name: "model file 3f2a…", "the number of survivors on the chain". */
  readonly what: string;
  /** Undefined for damage, where there is nothing to compare with. */
  readonly expected: string | undefined;
  readonly got: string;
  /** The chain's block that is damaged, where that is known. */
  readonly block?: number;
  /** None for what was changed, damaged or lost. */
  readonly cause?: DifferenceCause;
}

/** The same differences with a cause; as they are for none. */
export function causedBy(
  cause: DifferenceCause | undefined,
  differences: readonly Difference[],
): readonly Difference[] {
  return cause === undefined ? differences : differences.map((found) => ({ ...found, cause }));
}

/** Damage that an error tells of. `what` is damaged. */
export function damageOf(
  what: string,
  { message, block }: { readonly message: string; readonly block?: number | undefined },
): Difference {
  const found = { round: undefined, what, expected: undefined, got: message };
  return block === undefined ? found : { ...found, block };
}

/** The difference between two texts: none when they are the same. */
export function compare(
  round: number | undefined,
  what: string,
  expected: string,
  got: string,
): readonly Difference[] {
  return expected === got ? [] : [{ round, what, expected, got }];
}

/** What a run's transcripts prove, round after round. */
export interface RoundProofs {
  /** What the next round's transcript proves, and what differs from it. Throws the signal's reason. */
  next(
    round: CompletedRound,
    stored: StoredRound | undefined,
    signal: AbortSignal,
  ): Promise<ProvenRound>;
}

/** What came of one round's transcript. */
export interface ProvenRound {
  readonly differences: readonly Difference[];
  /** Survivors that signed the round's model alike; undefined in a masked run, and where nothing is proven. */
  readonly reports: number | undefined;
}

/** A round and how its parts hold. */
export interface VerifiedRound {
  readonly round: number;
  readonly modelHash: Hash;
  /**
   * Whether the bytes that are kept give the hashes of the model and the strategy's state, and the parent is the round
   * before. "at-participants" when the parent is, and the model is only theirs, as in an encrypted run.
   */
  readonly model: "holds" | "differs" | "at-participants";
  /**
   * Whether the transcript proves the round's sum, and the sum gives the kept counts, the updates root and, from the model
   * before, bit for bit the model. "unprovable" when nothing differs but this round, or one before it that it depends on, was
   * made before transcripts were kept. "signed" in an encrypted run, when the transcript proves that enough survivors signed
   * this model, these counts and this updates root: the sum itself is proven to them alone.
   */
  readonly sum: "holds" | "differs" | "unprovable" | "signed";
  /** In an encrypted run, how many survivors signed; undefined where nothing is proven, and in a masked run. */
  readonly reports: number | undefined;
  /** Whether the ledger says the same; "waits" until the round is on it. */
  readonly chain: "holds" | "differs" | "waits";
  readonly entry: Hash | undefined;
}

/** What came of recomputing a run's history. */
export interface Verification {
  readonly runId: Hash;
  readonly planName: string;
  readonly planHash: Hash;
  readonly source: string;
  readonly ledger: string;
  readonly initialModelHash: Hash;
  /** Undefined for a plan that names no statistics run. */
  readonly preparation: CheckedPreparation | undefined;
  readonly rounds: readonly VerifiedRound[];
  /** Rounds that are not on the ledger yet: the last ones. */
  readonly waiting: number;
  /** Damage first, then by round; empty when everything holds. */
  readonly differences: readonly Difference[];
}

/** One line that says what differs and where. */
export function describeDifference({ round, what, expected, got, cause }: Difference): string {
  const where = round === undefined ? "" : round === 0 ? "before round 1: " : `round ${round}: `;
  if (cause === "unprovable") return `${where}${what} cannot be proven: ${got}`;
  if (expected === undefined)
    return `${where}${what} ${cause === "published" ? "does not hold" : "is damaged"}: ${got}`;
  return `${where}${what} differs: expected ${expected}, got ${got}`;
}
