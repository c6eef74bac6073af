/** 32 bytes as 64 lowercase hexadecimal digits. */
export type Hash = string;

/** The federation that this data directory belongs to. */
export interface Federation {
  readonly federationId: Hash;
  readonly name: string;
}

/** An enrolled organisation. The identity key never changes; the rest is what it last told. */
export interface ParticipantRecord {
  readonly participantId: string;
  readonly name: string;
  /** Ed25519, 32 bytes as hexadecimal. */
  readonly identityKey: Hash;
  readonly backend: string;
  readonly softwareVersion: string;
  readonly enrolledAtMs: number;
  readonly lastSeenMs: number;
}

export type RunStatus = "running" | "completed" | "stopped";

/** A run as stored. */
export interface RunRecord {
  readonly runId: Hash;
  readonly name: string;
  readonly status: RunStatus;
  /** Canonical JSON. */
  readonly plan: string;
  readonly planHash: Hash;
  readonly plannedRounds: number;
  readonly completedRounds: number;
  readonly initialModelHash: Hash;
  /** The newest model: the initial one before the first round. */
  readonly modelHash: Hash;
  /** The outer optimiser's state after the newest round, a blob where the model is one; empty for a strategy without state. */
  readonly strategyStateHash: Hash | "";
  readonly startedAtMs: number;
  /** 0 while running. */
  readonly endedAtMs: number;
}

/** What a run is from its first moment on. */
export type NewRun = Pick<
  RunRecord,
  "runId" | "name" | "plan" | "planHash" | "plannedRounds" | "initialModelHash" | "startedAtMs"
>;

/** One attempt at a round, from selection to its end. */
export interface AttemptRecord {
  readonly roundId: Hash;
  readonly runId: Hash;
  readonly round: number;
  /** Counts from 1 within the round. */
  readonly attempt: number;
  readonly startedAtMs: number;
}

/** What a completed round leaves behind. */
export interface RoundResult {
  readonly roundId: Hash;
  readonly runId: Hash;
  readonly round: number;
  readonly attempts: number;
  readonly parentModelHash: Hash;
  readonly modelHash: Hash;
  readonly strategyStateHash: Hash | "";
  readonly updatesRoot: Hash;
  /** Of the bytes of what is published of the round, a blob; empty for a round of a program that kept none. */
  readonly transcriptHash: Hash | "";
  readonly cohort: number;
  readonly survivors: number;
  readonly startedAtMs: number;
  readonly endedAtMs: number;
  readonly phases: readonly PhaseDuration[];
  readonly receivedBytes: number;
  readonly sentBytes: number;
  readonly trainingExamples: number;
  readonly evaluationExamples: number;
  readonly evaluationCorrect: number;
  /** Mean loss of the parent model on the survivors' hold-outs. */
  readonly evaluationLoss: number;
}

export interface PhaseDuration {
  readonly phase: string;
  readonly seconds: number;
}

/** Where a completed round stands on the ledger. */
export interface RoundCommit {
  readonly runId: Hash;
  readonly round: number;
  readonly entry: Hash;
  readonly transactionHash: Hash;
  readonly blockNumber: number;
}

/** A completed round, and its commit once it is on the ledger. */
export interface RoundRow extends RoundResult {
  readonly commit: RoundCommit | undefined;
}

/** What a participant was refused for in one attempt at a round, of one kind. */
export interface EvidenceRecord {
  readonly roundId: Hash;
  readonly participantId: string;
  /** Another message for a step that it had answered, or an update for a sum that was closed. */
  readonly kind: "contradiction" | "late-upload";
  /** The phase that the messages were for. */
  readonly step: string;
  /** SHA-256 of the message that the round took; empty where it took none. */
  readonly takenDigest: Hash | "";
  /** Of the first message that it refused. */
  readonly refusedDigest: Hash;
  /** The signatures in these messages, 64 bytes as hexadecimal; empty for a message without. */
  readonly takenSignature: string;
  readonly refusedSignature: string;
  /** Messages that were refused, 1 or more. */
  readonly refusals: number;
  /** When the first of them was. */
  readonly firstAtMs: number;
}

/** Evidence with what it is about, for people. */
export interface EvidenceRow extends EvidenceRecord {
  readonly round: number;
  readonly attempt: number;
  /** The participant's name. */
  readonly name: string;
}

/** One entry of the append-only, hash-chained log that all other tables are made from. */
export interface EventRecord {
  /** Counts from 1 without gaps. */
  readonly sequence: number;
  readonly atMs: number;
  readonly kind: string;
  /** Canonical JSON. */
  readonly body: string;
  /** SHA-256 over the previous event's hash, sequence, time, kind and body. */
  readonly hash: Hash;
}

/**
 * Everything the coordinator must not forget. Each method that changes something is one transaction: an event appended
 * to the log and the tables brought up to date; when its promise resolves, the change survives SIGKILL and power loss.
 * A full or read-only disk is a {@link StoreError} `unwritable`, and nothing has changed.
 */
export interface Store extends AsyncDisposable {
  readonly federation: Federation;

  /** Adds a participant. Throws `duplicate` when the id or the name is taken. */
  enrol(participant: ParticipantRecord): Promise<void>;
  /**
   * Updates capabilities and last-seen. Not an event (it would fill the log) and alone not synced: SIGKILL may undo it.
   * Throws `unknown` for an unknown id.
   */
  touchParticipant(
    participantId: string,
    seen: { lastSeenMs: number; backend: string; softwareVersion: string },
  ): Promise<void>;
  participant(participantId: string): Promise<ParticipantRecord | undefined>;
  /** By name. */
  participants(): Promise<readonly ParticipantRecord[]>;

  /** Adds a running run without rounds. Throws `duplicate` for a known id. */
  createRun(run: NewRun): Promise<void>;
  /** Ends a run. Throws `unknown`; ending an ended run throws `wrong-status`. */
  endRun(runId: Hash, status: "completed" | "stopped", endedAtMs: number): Promise<void>;
  run(runId: Hash): Promise<RunRecord | undefined>;
  /** Newest first. */
  runs(): Promise<readonly RunRecord[]>;

  /**
   * Records that an attempt began. Throws `unknown` for the run, `wrong-status` unless it is running, `duplicate` for a
   * known round id, `wrong-round` unless the round follows the last completed one and the attempt the last at it.
   */
  startAttempt(attempt: AttemptRecord): Promise<void>;
  /** Records why an attempt ended without a model. Throws `unknown`, and `wrong-status` for one that has ended. */
  abandonAttempt(roundId: Hash, reason: string, atMs: number): Promise<void>;
  /** Attempts that neither were abandoned nor completed: after a crash, those to abandon. */
  openAttempts(): Promise<readonly AttemptRecord[]>;
  /** Attempts at a round so far, open ones included; and why the last abandoned one was abandoned (empty: none was). */
  attempts(runId: Hash, round: number): Promise<{ count: number; lastReason: string }>;
  /**
   * Records a completed round, moves the run to its model and puts it into the outbox for the ledger, all at once.
   * Throws `wrong-round` unless it follows the run's last completed round, its parent is the run's model and `attempts`
   * is the number of the attempt with this id; `unknown` for the run or the attempt; `wrong-status` unless the run is
   * running and the attempt open.
   */
  completeRound(result: RoundResult): Promise<void>;
  /** By round: all, or `limit` at most of those after round `after`. */
  rounds(
    runId: Hash,
    page?: { readonly after: number; readonly limit: number },
  ): Promise<readonly RoundRow[]>;
  /** The completed round of the attempt with this id; undefined for any other. */
  completedRound(roundId: Hash): Promise<RoundResult | undefined>;
  /** The run one of whose rounds made this model; undefined for any other model. */
  runOfModel(modelHash: Hash): Promise<RunRecord | undefined>;
  /** Whether the attempt with this id is known, and was abandoned. */
  wasAbandoned(roundId: Hash): Promise<boolean>;

  /**
   * Records what participants were refused for in an attempt. Throws `unknown` for the attempt or the participant,
   * `duplicate` for a second record of the same kind.
   */
  recordEvidence(evidence: EvidenceRecord): Promise<void>;
  /** Of all rounds of a run, abandoned attempts included: the newest `limit` at most, newest first. */
  evidence(runId: Hash, limit: number): Promise<readonly EvidenceRow[]>;

  /** Completed rounds that are not on the ledger yet, oldest first. */
  outbox(): Promise<readonly RoundResult[]>;
  /**
   * Takes a round out of the outbox. Repeating it with the same entry changes nothing; another entry throws `conflict`,
   * a round that is not completed `unknown`.
   */
  recordCommit(commit: RoundCommit): Promise<void>;

  /** The event log from the first entry on. */
  events(): AsyncIterable<EventRecord>;
  /**
   * Recomputes the log's hashes and makes all tables from it anew. Throws `damaged`, naming the event or the row, for the
   * first stored value that does not hold. Changes wait meanwhile.
   */
  verify(signal: AbortSignal): Promise<void>;
}

/** Content-addressed files: models, optimiser states and transcripts. */
export interface BlobStore {
  /**
   * Writes a blob durably (file and folder synced) under its name; a blob that is already there is left alone.
   * Throws `unwritable`, leaving nothing behind. In all methods a name that is no hash is `unknown`.
   */
  put(name: Hash, bytes: Uint8Array): Promise<void>;
  /** Bytes of a blob, or undefined. */
  size(name: Hash): Promise<number | undefined>;
  /** Reads a whole blob. Throws `unknown`. */
  get(name: Hash): Promise<Uint8Array>;
  /** Reads `length` bytes at `offset`, fewer at the end. Throws `unknown`. */
  read(name: Hash, offset: number, length: number): Promise<Uint8Array>;
}

/** Every way the store can refuse or fail. */
export type StoreErrorCode =
  | "duplicate"
  | "unknown"
  | "wrong-status"
  | "wrong-round"
  | "conflict"
  | "unwritable"
  | "locked"
  | "newer-schema"
  | "damaged";

/** The store refused a change or cannot be used. */
export class StoreError extends Error {
  override readonly name = "StoreError";
  readonly code: StoreErrorCode;

  constructor(code: StoreErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
