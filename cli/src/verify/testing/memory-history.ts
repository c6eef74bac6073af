import {
  canonicalPlan,
  type EncryptedTranscript,
  type Hash,
  isEncryptedTranscript,
  type MaskedTranscript,
  planHash,
  type RoundTranscript,
  sha256Hex,
} from "@chorus/aggregation";
import { MemoryLedger } from "@chorus/chain";
import { readTranscript } from "@chorus/client";
import { type RoundRow, transcriptToBytes } from "@chorus/coordinator";
import type { CompletedRound, RunDetails } from "../../operator/run.ts";
import {
  type Difference,
  describeDifference,
  noFile,
  oversizeFile,
  type StoredFacts,
  type StoredRound,
  type Verification,
} from "../history.ts";
import { detailsFromStore } from "../store-details.ts";
import { type VerifiedHistory, verifyRun } from "../verify-run.ts";
import { encryptedPlan, encryptedRounds } from "./encrypted-rounds.ts";
import { samplePlan } from "./sample-plan.ts";
import { type SampleRounds, type SampleRun, sampleRounds } from "./sample-rounds.ts";

const never = new AbortController().signal;
const committer = "0x00000000000000000000000000000000000000aa";

/** The run that {@link memoryHistory} is of. */
export const runId: Hash = sha256Hex("a run");
const federationId = sha256Hex("a federation");

/** A run of three rounds in memory, which a test may change before it is verified. */
export interface MemoryHistory {
  details: RunDetails;
  stored: StoredFacts;
  /** By name; the bytes themselves must not be changed. */
  readonly files: Map<Hash, Uint8Array>;
  readonly ledger: MemoryLedger;
  readonly audited: Difference[];
}

/** The rounds of the run in memory, to be made once for many histories. */
export function memoryRun(changes: Partial<SampleRun> = {}): SampleRounds {
  return sampleRounds({ plan: samplePlan, runId, federationId, ...changes });
}

/** The rounds of an encrypted run in memory. */
export function encryptedRun(changes: Partial<SampleRun> = {}): SampleRounds {
  return encryptedRounds({ plan: encryptedPlan, runId, federationId, ...changes });
}

/** A history of these rounds, the first `committed` of which are on the ledger. */
export async function memoryHistory(made: SampleRounds, committed = 3): Promise<MemoryHistory> {
  const ledger = new MemoryLedger(committer);
  const rows: RoundRow[] = [];
  for (const row of made.rounds)
    rows.push(row.round > committed ? row : await commit(row, planHash(made.plan), ledger));
  return {
    details: detailsOf(made, rows),
    stored: { federationId, rounds: new Map(rows.map((row) => [row.round, row])) },
    files: new Map(made.files),
    ledger,
    audited: [],
  };
}

function detailsOf(
  { plan, initialModelHash }: SampleRounds,
  rounds: readonly RoundRow[],
): RunDetails {
  const last = rounds.at(-1);
  const run = {
    runId,
    name: plan.name,
    status: "completed",
    plan: canonicalPlan(plan),
    planHash: planHash(plan),
    plannedRounds: 3,
    completedRounds: 3,
    modelHash: last?.modelHash ?? "",
    strategyStateHash: last?.strategyStateHash ?? "",
    initialModelHash,
    startedAtMs: 0,
    endedAtMs: 1,
  } as const;
  return detailsFromStore(run, rounds);
}

async function commit(row: RoundRow, planHash: Hash, ledger: MemoryLedger): Promise<RoundRow> {
  const { round, parentModelHash, modelHash, updatesRoot, survivors } = row;
  const record = { runId, round, planHash, parentModelHash, modelHash, updatesRoot, survivors };
  return { ...row, commit: { runId, round, ...(await ledger.commit(record, never)) } };
}

/** The history as a verification reads it. */
export function historyOf({
  details,
  stored,
  files,
  ledger,
  audited,
}: MemoryHistory): VerifiedHistory {
  const source = {
    description: "memory",
    details: async () => details,
    file: async (hash: Hash, mostBytes: number) => {
      const bytes = files.get(hash) ?? noFile;
      return "problem" in bytes || bytes.length <= mostBytes ? bytes : oversizeFile(mostBytes);
    },
    storedFacts: async () => stored,
    audit: async () => audited,
  };
  return { source, ledger };
}

export function verify(history: MemoryHistory): Promise<Verification> {
  return verifyRun(runId, historyOf(history), never);
}

/** All that differs, in words. */
export async function differencesOf(history: MemoryHistory): Promise<readonly string[]> {
  return (await verify(history)).differences.map(describeDifference);
}

/** What differs first, in words; "" when everything holds. */
export async function firstDifference(history: MemoryHistory): Promise<string> {
  const [first = ""] = await differencesOf(history);
  return first;
}

/** The round with this number. */
export function roundOf({ details }: MemoryHistory, number: number): CompletedRound {
  const found = details.rounds[number - 1];
  if (found === undefined) throw new Error(`the run has no round ${number}`);
  return found;
}

/** Changes one round as it is kept. */
export function changeRound(
  history: MemoryHistory,
  number: number,
  changes: Partial<CompletedRound>,
): void {
  const rounds = history.details.rounds.map((round) =>
    round.round === number ? { ...round, ...changes } : round,
  );
  history.details = { ...history.details, rounds };
}

/** Changes what only the store tells of one round. */
export function changeStored(
  history: MemoryHistory,
  number: number,
  changes: Partial<StoredRound>,
): void {
  const stored = history.stored.rounds.get(number);
  if (stored === undefined) throw new Error(`nothing is stored of round ${number}`);
  const rounds = new Map(history.stored.rounds).set(number, { ...stored, ...changes });
  history.stored = { ...history.stored, rounds };
}

/** Keeps bytes under their hash, which it returns. */
export function keepFile({ files }: MemoryHistory, bytes: Uint8Array): Hash {
  const hash = sha256Hex(bytes);
  files.set(hash, bytes);
  return hash;
}

/** Publishes another transcript of a round, under its true hash. */
export function republish(
  history: MemoryHistory,
  number: number,
  change: (transcript: MaskedTranscript) => RoundTranscript,
): void {
  const transcript = transcriptOf(history, number);
  if (isEncryptedTranscript(transcript)) throw new Error(`round ${number} is encrypted`);
  publish(history, number, change(transcript));
}

/** The same of an encrypted round. */
export function republishEncrypted(
  history: MemoryHistory,
  number: number,
  change: (transcript: EncryptedTranscript) => RoundTranscript,
): void {
  const transcript = transcriptOf(history, number);
  if (!isEncryptedTranscript(transcript)) throw new Error(`round ${number} is masked`);
  publish(history, number, change(transcript));
}

function transcriptOf(history: MemoryHistory, number: number): RoundTranscript {
  const bytes = history.files.get(roundOf(history, number).transcriptHash);
  return readTranscript(bytes ?? new Uint8Array());
}

function publish(history: MemoryHistory, number: number, transcript: RoundTranscript): void {
  const transcriptHash = keepFile(history, transcriptToBytes(transcript));
  changeRound(history, number, { transcriptHash });
}

/** Takes away what a coordinator that runs does not tell. */
export function hideStore(history: MemoryHistory): void {
  history.stored = { federationId: undefined, rounds: new Map() };
}
