import { bytesToHex, type Hash } from "@chorus/aggregation";
import {
  type Evidence,
  EvidenceKind,
  type ExplainRunResponse,
  type GetRunResponse,
  type LedgerEntry,
  type Participant,
  type Round,
  type Run,
  type WatchRunResponse,
  RunStatus as WireStatus,
} from "@chorus/proto/v1/operator";
import { CliError } from "../cli-error.ts";
import type {
  CompletedRound,
  KnownParticipant,
  RoundEntry,
  RunEvent,
  RunEvidence,
  RunExplanation,
  RunReport,
  RunStatus,
  RunSummary,
} from "./run.ts";

const statuses: ReadonlyMap<WireStatus, RunStatus> = new Map([
  [WireStatus.RUNNING, "running"],
  [WireStatus.COMPLETED, "completed"],
  [WireStatus.STOPPED, "stopped"],
]);

/** Throws {@link CliError} `failed` when the coordinator left a run out or sent a status or hash that is none. */
export function runFromWire(run: Run | undefined): RunSummary {
  const status = run === undefined ? undefined : statuses.get(run.status);
  if (run === undefined || status === undefined) throw unintelligible("a run with a status");
  return {
    runId: hash(run.runId),
    name: run.name,
    status,
    planHash: hash(run.planHash),
    plannedRounds: run.plannedRounds,
    completedRounds: run.completedRounds,
    modelHash: hash(run.modelHash),
    initialModelHash: hash(run.initialModelHash),
    startedAtMs: run.startedAtMs,
    endedAtMs: run.endedAtMs,
  };
}

function roundFromWire(round: Round): CompletedRound {
  return {
    round: round.round,
    attempts: round.attempts,
    parentModelHash: hash(round.parentModelHash),
    modelHash: hash(round.modelHash),
    updatesRoot: hash(round.updatesRoot),
    transcriptHash: hashOrNone(round.transcriptHash),
    cohort: round.cohort,
    survivors: round.survivors,
    startedAtMs: round.startedAtMs,
    endedAtMs: round.endedAtMs,
    phases: round.phases.map(({ phase, seconds }) => ({ phase, seconds })),
    receivedBytes: round.receivedBytes,
    sentBytes: round.sentBytes,
    trainingExamples: round.trainingExamples,
    evaluationExamples: round.evaluationExamples,
    evaluationCorrect: round.evaluationCorrect,
    evaluationLoss: round.evaluationLoss,
    ledgerEntry: round.ledgerEntry === undefined ? undefined : entryFromWire(round.ledgerEntry),
  };
}

export function reportFromWire(response: GetRunResponse): RunReport {
  return {
    run: runFromWire(response.run),
    plan: response.plan,
    rounds: response.rounds.map(roundFromWire),
    evidence: response.evidence.map(evidenceFromWire),
  };
}

const evidenceKinds: ReadonlyMap<EvidenceKind, RunEvidence["kind"]> = new Map([
  [EvidenceKind.CONTRADICTION, "contradiction"],
  [EvidenceKind.LATE_UPLOAD, "late-upload"],
]);

function evidenceFromWire(evidence: Evidence): RunEvidence {
  const { round, attempt, participantId, name, step, refusals, firstAtMs } = evidence;
  const kind = evidenceKinds.get(evidence.kind);
  if (kind === undefined) throw unintelligible("a kind of evidence that is known here");
  return {
    round,
    attempt,
    participantId,
    name,
    kind,
    step,
    takenDigest: hashOrNone(evidence.takenDigest),
    refusedDigest: hash(evidence.refusedDigest),
    takenSignature: Buffer.from(evidence.takenSignature).toString("hex"),
    refusedSignature: Buffer.from(evidence.refusedSignature).toString("hex"),
    refusals,
    firstAtMs,
  };
}

export function explanationFromWire(response: ExplainRunResponse): RunExplanation {
  const { summary, round, attempt, phase, delivered, awaited, quorum } = response;
  const { softDeadlineMs, hardDeadlineMs, lastAbandonment } = response;
  const deadlines = { softDeadlineMs, hardDeadlineMs, lastAbandonment };
  return { summary, round, attempt, phase, delivered, awaited, quorum, ...deadlines };
}

/** The event, or undefined for one that a newer coordinator sends and this version does not know. */
export function eventFromWire({ event }: WatchRunResponse): RunEvent | undefined {
  switch (event?.$case) {
    case undefined:
      return undefined;
    case "run":
      return { kind: "run", run: runFromWire(event.value) };
    case "progress":
      return { kind: "progress", ...event.value };
    case "abandoned":
      return { kind: "abandoned", ...event.value };
    case "completed":
      return { kind: "completed", round: roundFromWire(event.value) };
    case "committed":
      return {
        kind: "committed",
        round: event.value.round,
        ledgerEntry: entryFromWire(event.value.ledgerEntry),
      };
  }
}

export function participantFromWire(participant: Participant): KnownParticipant {
  return {
    participantId: participant.participantId,
    name: participant.name,
    backend: participant.capabilities?.backend ?? "",
    softwareVersion: participant.capabilities?.softwareVersion ?? "",
    isConnected: participant.isConnected,
    enrolledAtMs: participant.enrolledAtMs,
    lastSeenMs: participant.lastSeenMs,
  };
}

function entryFromWire(entry: LedgerEntry | undefined): RoundEntry {
  if (entry === undefined) throw unintelligible("a ledger entry");
  return {
    entry: hash(entry.entry),
    transactionHash: hash(entry.transactionHash),
    blockNumber: entry.blockNumber,
  };
}

function hash(bytes: Uint8Array): Hash {
  if (bytes.length !== 32) throw unintelligible(`a hash of 32 bytes instead of ${bytes.length}`);
  return bytesToHex(bytes, 32);
}

/** A hash, or "" for none. */
function hashOrNone(bytes: Uint8Array): Hash | "" {
  return bytes.length === 0 ? "" : hash(bytes);
}

function unintelligible(wanted: string): CliError {
  return new CliError(
    "failed",
    `the coordinator's answer lacks ${wanted}`,
    "Run the same version of chorus here and at the coordinator.",
  );
}
