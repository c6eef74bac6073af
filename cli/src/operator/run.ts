import type { Hash } from "@chorus/aggregation";

export type RunStatus = "running" | "completed" | "stopped";

/** A run as its coordinator tells of it. */
export interface RunSummary {
  readonly runId: Hash;
  /** The plan's name. */
  readonly name: string;
  readonly status: RunStatus;
  readonly planHash: Hash;
  readonly plannedRounds: number;
  readonly completedRounds: number;
  /** The newest model. */
  readonly modelHash: Hash;
  /** The model before the first round. */
  readonly initialModelHash: Hash;
  readonly startedAtMs: number;
  /** 0 while running. */
  readonly endedAtMs: number;
}

/** Where a round stands on the ledger. */
export interface RoundEntry {
  readonly entry: Hash;
  readonly transactionHash: Hash;
  readonly blockNumber: number;
}

/** One completed round. */
export interface CompletedRound {
  readonly round: number;
  readonly attempts: number;
  readonly parentModelHash: Hash;
  readonly modelHash: Hash;
  readonly updatesRoot: Hash;
  /** SHA-256 of the round's transcript; empty for a round of a coordinator that kept none. */
  readonly transcriptHash: Hash | "";
  readonly cohort: number;
  readonly survivors: number;
  readonly startedAtMs: number;
  readonly endedAtMs: number;
  readonly phases: readonly { readonly phase: string; readonly seconds: number }[];
  /** Received from and sent to all participants together. */
  readonly receivedBytes: number;
  readonly sentBytes: number;
  /** Sums over the survivors. */
  readonly trainingExamples: number;
  readonly evaluationExamples: number;
  readonly evaluationCorrect: number;
  /** Mean loss of the parent model on the survivors' hold-outs. */
  readonly evaluationLoss: number;
  /** Undefined until the round is on the ledger. */
  readonly ledgerEntry: RoundEntry | undefined;
}

/** What a participant was refused for in one attempt at a round, of one kind. */
export interface RunEvidence {
  readonly round: number;
  readonly attempt: number;
  readonly participantId: string;
  readonly name: string;
  readonly kind: "contradiction" | "late-upload";
  /** The phase that the messages were for. */
  readonly step: string;
  /** SHA-256 of the message that was taken; empty where none was. */
  readonly takenDigest: Hash | "";
  /** Of the first message that was refused. */
  readonly refusedDigest: Hash;
  /** Ed25519, as hexadecimal; empty for a message without. */
  readonly takenSignature: string;
  readonly refusedSignature: string;
  readonly refusals: number;
  readonly firstAtMs: number;
}

/** A run with its plan and rounds. */
export interface RunDetails {
  readonly run: RunSummary;
  /** Canonical JSON. */
  readonly plan: string;
  readonly rounds: readonly CompletedRound[];
}

/** A run with what participants were refused for in it. */
export interface RunReport extends RunDetails {
  /** Newest first, abandoned attempts included; the newest 100 at most. */
  readonly evidence: readonly RunEvidence[];
}

/** What a run waits for, and until when. */
export interface RunExplanation {
  readonly summary: string;
  readonly round: number;
  readonly attempt: number;
  /** Empty between rounds. */
  readonly phase: string;
  /** Names of participants. */
  readonly delivered: readonly string[];
  readonly awaited: readonly string[];
  readonly quorum: number;
  /** From now; 0 without a deadline or after it. */
  readonly softDeadlineMs: number;
  readonly hardDeadlineMs: number;
  /** With who left, and the code of each one's reason. Empty when no attempt at the present round was abandoned. */
  readonly lastAbandonment: string;
}

/** A run with what it waits for now. */
export interface ExplainedRun extends RunReport {
  readonly explanation: RunExplanation;
}

/** What happens in a run, as it happens. */
export type RunEvent =
  | { readonly kind: "run"; readonly run: RunSummary }
  | {
      readonly kind: "progress";
      readonly round: number;
      readonly attempt: number;
      readonly phase: string;
      readonly delivered: number;
      readonly asked: number;
    }
  | {
      readonly kind: "abandoned";
      readonly round: number;
      readonly attempt: number;
      readonly reason: string;
    }
  | { readonly kind: "completed"; readonly round: CompletedRound }
  | { readonly kind: "committed"; readonly round: number; readonly ledgerEntry: RoundEntry };

/** A participant as the coordinator knows it. */
export interface KnownParticipant {
  readonly participantId: string;
  readonly name: string;
  readonly backend: string;
  readonly softwareVersion: string;
  readonly isConnected: boolean;
  readonly enrolledAtMs: number;
  readonly lastSeenMs: number;
}
