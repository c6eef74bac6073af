import { sha256Hex } from "@chorus/aggregation";
import type {
  AttemptRecord,
  EvidenceRecord,
  Hash,
  NewRun,
  ParticipantRecord,
  RoundCommit,
  RoundResult,
  Store,
} from "../store.ts";

/** A hash that depends on the label alone. */
export function hashOf(label: string): Hash {
  return sha256Hex(label);
}

export function sampleParticipant(label: string): ParticipantRecord {
  const identityKey = hashOf(`key of ${label}`);
  return {
    participantId: hashOf(identityKey).slice(0, 32),
    name: label,
    identityKey,
    backend: "wasm",
    softwareVersion: "0.1.0",
    enrolledAtMs: 1_700_000_000_001,
    lastSeenMs: 1_700_000_000_002,
  };
}

export function sampleRun(label: string, plannedRounds = 3): NewRun {
  return {
    runId: hashOf(`run ${label}`),
    name: label,
    plan: `{"name":"${label}","notes":"größer als ASCII: 漢字 🦜"}`,
    planHash: hashOf(`plan ${label}`),
    plannedRounds,
    initialModelHash: hashOf(`initial model of ${label}`),
    startedAtMs: 1_700_000_000_003,
  };
}

export function sampleAttempt(runId: Hash, round: number, attempt: number): AttemptRecord {
  const roundId = hashOf(`${runId} ${round} ${attempt}`);
  return { roundId, runId, round, attempt, startedAtMs: 1_700_000_000_004 };
}

/** What `attempt` leaves behind when it completes on top of the model `parentModelHash`. */
export function sampleResult(attempt: AttemptRecord, parentModelHash: Hash): RoundResult {
  const { roundId, runId, round, startedAtMs } = attempt;
  return {
    roundId,
    runId,
    round,
    attempts: attempt.attempt,
    parentModelHash,
    modelHash: hashOf(`model of ${roundId}`),
    strategyStateHash: hashOf(`state of ${roundId}`),
    updatesRoot: hashOf(`updates of ${roundId}`),
    transcriptHash: hashOf(`transcript of ${roundId}`),
    cohort: 5,
    survivors: 4,
    startedAtMs,
    endedAtMs: startedAtMs + 1234,
    phases: [
      { phase: "training", seconds: 0.1 },
      { phase: "collecting", seconds: 1 / 3 },
    ],
    receivedBytes: 2 ** 40,
    sentBytes: 2 ** 53 - 1,
    trainingExamples: 240,
    evaluationExamples: 24,
    evaluationCorrect: 20,
    evaluationLoss: 0.1 + 0.2,
  };
}

export function sampleEvidence(
  roundId: Hash,
  { participantId }: ParticipantRecord,
): EvidenceRecord {
  return {
    roundId,
    participantId,
    kind: "contradiction",
    step: "confirming-survivors",
    takenDigest: hashOf("taken"),
    refusedDigest: hashOf("refused"),
    takenSignature: "a1".repeat(64),
    refusedSignature: "",
    refusals: 3,
    firstAtMs: 1_700_000_000_005,
  };
}

export function sampleCommit({ runId, round, roundId }: RoundResult): RoundCommit {
  return {
    runId,
    round,
    entry: hashOf(`entry of ${roundId}`),
    transactionHash: hashOf(`transaction of ${roundId}`),
    blockNumber: 7,
  };
}

/** Starts the next attempt at a run's next round. */
export async function startNextAttempt(store: Store, runId: Hash): Promise<AttemptRecord> {
  const round = ((await store.run(runId))?.completedRounds ?? 0) + 1;
  const { count } = await store.attempts(runId, round);
  const attempt = sampleAttempt(runId, round, count + 1);
  await store.startAttempt(attempt);
  return attempt;
}

/** Starts and completes a run's next round. */
export async function completeNextRound(store: Store, runId: Hash): Promise<RoundResult> {
  const attempt = await startNextAttempt(store, runId);
  const run = await store.run(runId);
  const result = sampleResult(attempt, run?.modelHash ?? "");
  await store.completeRound(result);
  return result;
}

/** The log so far. */
export async function eventsOf(store: Store): Promise<readonly string[]> {
  const lines: string[] = [];
  for await (const { kind, hash } of store.events()) lines.push(`${kind} ${hash}`);
  return lines;
}
