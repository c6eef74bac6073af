import type * as operator from "@chorus/proto/v1/operator";
import { EvidenceKind, RunStatus } from "@chorus/proto/v1/operator";
import type { RunEvent } from "../runs/feed.ts";
import type {
  EvidenceRow,
  ParticipantRecord,
  RoundCommit,
  RoundRow,
  RunRecord,
} from "../store/store.ts";
import { hashToWire } from "./wire-fields.ts";

const statuses = {
  running: RunStatus.RUNNING,
  completed: RunStatus.COMPLETED,
  stopped: RunStatus.STOPPED,
} satisfies Record<RunRecord["status"], RunStatus>;

export function runToWire(run: RunRecord): operator.Run {
  return {
    runId: hashToWire(run.runId),
    name: run.name,
    status: statuses[run.status],
    planHash: hashToWire(run.planHash),
    plannedRounds: run.plannedRounds,
    completedRounds: run.completedRounds,
    modelHash: hashToWire(run.modelHash),
    initialModelHash: hashToWire(run.initialModelHash),
    startedAtMs: run.startedAtMs,
    endedAtMs: run.endedAtMs,
  };
}

export function roundToWire(row: RoundRow): operator.Round {
  return {
    round: row.round,
    attempts: row.attempts,
    parentModelHash: hashToWire(row.parentModelHash),
    modelHash: hashToWire(row.modelHash),
    updatesRoot: hashToWire(row.updatesRoot),
    cohort: row.cohort,
    survivors: row.survivors,
    startedAtMs: row.startedAtMs,
    endedAtMs: row.endedAtMs,
    phases: row.phases,
    receivedBytes: row.receivedBytes,
    sentBytes: row.sentBytes,
    trainingExamples: row.trainingExamples,
    evaluationExamples: row.evaluationExamples,
    evaluationCorrect: row.evaluationCorrect,
    evaluationLoss: row.evaluationLoss,
    ledgerEntry: row.commit === undefined ? undefined : entryToWire(row.commit),
    transcriptHash: Buffer.from(row.transcriptHash, "hex"),
  };
}

function entryToWire(commit: RoundCommit): operator.LedgerEntry {
  return {
    entry: hashToWire(commit.entry),
    transactionHash: hashToWire(commit.transactionHash),
    blockNumber: commit.blockNumber,
  };
}

const evidenceKinds = {
  contradiction: EvidenceKind.CONTRADICTION,
  "late-upload": EvidenceKind.LATE_UPLOAD,
} satisfies Record<EvidenceRow["kind"], EvidenceKind>;

export function evidenceToWire(row: EvidenceRow): operator.Evidence {
  const { round, attempt, participantId, name, step, refusals, firstAtMs } = row;
  return {
    round,
    attempt,
    participantId,
    name,
    kind: evidenceKinds[row.kind],
    step,
    takenDigest: Buffer.from(row.takenDigest, "hex"),
    refusedDigest: hashToWire(row.refusedDigest),
    takenSignature: Buffer.from(row.takenSignature, "hex"),
    refusedSignature: Buffer.from(row.refusedSignature, "hex"),
    refusals,
    firstAtMs,
  };
}

export function eventToWire(event: RunEvent): operator.WatchRunResponse {
  switch (event.kind) {
    case "run":
      return { event: { $case: "run", value: runToWire(event.run) } };
    case "progress":
      return { event: { $case: "progress", value: event.progress } };
    case "abandoned": {
      const { round, attempt, reason } = event;
      return { event: { $case: "abandoned", value: { round, attempt, reason } } };
    }
    case "completed":
      return { event: { $case: "completed", value: roundToWire(event.row) } };
    case "committed": {
      const { commit } = event;
      const value = { round: commit.round, ledgerEntry: entryToWire(commit) };
      return { event: { $case: "committed", value } };
    }
  }
}

export function participantToWire(
  record: ParticipantRecord,
  isConnected: boolean,
): operator.Participant {
  const { participantId, name, backend, softwareVersion, enrolledAtMs, lastSeenMs } = record;
  return {
    participantId,
    name,
    capabilities: { backend, softwareVersion },
    isConnected,
    enrolledAtMs,
    lastSeenMs,
  };
}
