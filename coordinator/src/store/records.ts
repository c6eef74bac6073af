import { z } from "zod";
import type {
  AttemptRecord,
  EventRecord,
  EvidenceRecord,
  EvidenceRow,
  Federation,
  NewRun,
  ParticipantRecord,
  RoundCommit,
  RoundResult,
  RunRecord,
} from "./store.ts";

// What may be written, and what reading insists on. Unknown members are left out.

const hash = z.string().regex(/^[0-9a-f]{64}$/, "wanted 64 lowercase hexadecimal digits");
const participantId = z.string().regex(/^[0-9a-f]{32}$/, "wanted 32 lowercase hexadecimal digits");
const text = z.string().refine((value) => storableText(value) === value, {
  error: "wanted text without NUL and without half a surrogate pair",
});
/** A count, a number of bytes, or milliseconds since 1970: 0 to 2^53 - 1. */
const count = z.int().min(0);
const ordinal = z.int().min(1);
const emptyOrHash = z.union([hash, z.literal("")]);

/** The nearest text that a PostgreSQL column and a JSON text both hold: NUL and half surrogate pairs become U+FFFD. */
export function storableText(value: string): string {
  return value.toWellFormed().replaceAll("\0", "\ufffd");
}

export const federationSchema: z.ZodType<Federation> = z.object({ federationId: hash, name: text });

export const participantSchema: z.ZodType<ParticipantRecord> = z.object({
  participantId,
  name: text,
  identityKey: hash,
  backend: text,
  softwareVersion: text,
  enrolledAtMs: count,
  lastSeenMs: count,
});

/** What never changes of a participant. */
export type Enrolment = Pick<
  ParticipantRecord,
  "participantId" | "name" | "identityKey" | "enrolledAtMs"
>;

export const enrolmentSchema: z.ZodType<Enrolment> = z.object({
  participantId,
  name: text,
  identityKey: hash,
  enrolledAtMs: count,
});

const newRunFields = {
  runId: hash,
  name: text,
  plan: text,
  planHash: hash,
  plannedRounds: ordinal,
  initialModelHash: hash,
  startedAtMs: count,
};

export const newRunSchema: z.ZodType<NewRun> = z.object(newRunFields);

export const runSchema: z.ZodType<RunRecord> = z.object({
  ...newRunFields,
  status: z.enum(["running", "completed", "stopped"]),
  completedRounds: count,
  modelHash: hash,
  strategyStateHash: emptyOrHash,
  endedAtMs: count,
});

/** How a run ended. */
export type RunEnd = Pick<RunRecord, "runId" | "endedAtMs"> & {
  readonly status: "completed" | "stopped";
};

export const runEndSchema: z.ZodType<RunEnd> = z.object({
  runId: hash,
  status: z.enum(["completed", "stopped"]),
  endedAtMs: count,
});

export const attemptSchema: z.ZodType<AttemptRecord> = z.object({
  roundId: hash,
  runId: hash,
  round: ordinal,
  attempt: ordinal,
  startedAtMs: count,
});

/** Why and when an attempt was given up. */
export interface AttemptEnd {
  readonly roundId: string;
  readonly reason: string;
  readonly endedAtMs: number;
}

export const attemptEndSchema: z.ZodType<AttemptEnd> = z.object({
  roundId: hash,
  reason: text,
  endedAtMs: count,
});

export const roundSchema: z.ZodType<RoundResult> = z.object({
  roundId: hash,
  runId: hash,
  round: ordinal,
  attempts: ordinal,
  parentModelHash: hash,
  modelHash: hash,
  strategyStateHash: emptyOrHash,
  updatesRoot: hash,
  // The first versions kept none, and their events are still there.
  transcriptHash: emptyOrHash.default(""),
  cohort: count,
  survivors: count,
  startedAtMs: count,
  endedAtMs: count,
  phases: z.array(z.object({ phase: text, seconds: z.number() })),
  receivedBytes: count,
  sentBytes: count,
  trainingExamples: count,
  evaluationExamples: count,
  evaluationCorrect: count,
  evaluationLoss: z.number(),
});

export const commitSchema: z.ZodType<RoundCommit> = z.object({
  runId: hash,
  round: ordinal,
  entry: hash,
  transactionHash: hash,
  blockNumber: count,
});

const emptyOrSignature = z.string().regex(/^([0-9a-f]{128})?$/, "wanted 64 bytes or none");

const evidenceFields = {
  roundId: hash,
  participantId,
  kind: z.enum(["contradiction", "late-upload"]),
  step: text,
  takenDigest: emptyOrHash,
  refusedDigest: hash,
  takenSignature: emptyOrSignature,
  refusedSignature: emptyOrSignature,
  refusals: ordinal,
  firstAtMs: count,
};

export const evidenceSchema: z.ZodType<EvidenceRecord> = z.object(evidenceFields);

export const evidenceRowSchema: z.ZodType<EvidenceRow> = z.object({
  ...evidenceFields,
  round: ordinal,
  attempt: ordinal,
  name: text,
});

export const eventSchema: z.ZodType<EventRecord> = z.object({
  sequence: ordinal,
  atMs: count,
  kind: text,
  body: text,
  hash,
});
