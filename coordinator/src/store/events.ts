import { z } from "zod";
import {
  type AttemptEnd,
  attemptEndSchema,
  attemptSchema,
  commitSchema,
  type Enrolment,
  enrolmentSchema,
  evidenceSchema,
  federationSchema,
  newRunSchema,
  type RunEnd,
  roundSchema,
  runEndSchema,
} from "./records.ts";
import type {
  AttemptRecord,
  EvidenceRecord,
  Federation,
  NewRun,
  RoundCommit,
  RoundResult,
} from "./store.ts";

/** Everything that can happen to a federation. A released kind keeps its name and its body's members for ever. */
export type StoreEvent =
  | { readonly kind: "federation-created"; readonly body: Federation }
  | { readonly kind: "participant-enrolled"; readonly body: Enrolment }
  | { readonly kind: "run-created"; readonly body: NewRun }
  | { readonly kind: "run-ended"; readonly body: RunEnd }
  | { readonly kind: "attempt-started"; readonly body: AttemptRecord }
  | { readonly kind: "attempt-abandoned"; readonly body: AttemptEnd }
  | { readonly kind: "round-completed"; readonly body: RoundResult }
  | { readonly kind: "round-committed"; readonly body: RoundCommit }
  | { readonly kind: "evidence-recorded"; readonly body: EvidenceRecord };

const storeEvent: z.ZodType<StoreEvent> = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("federation-created"), body: federationSchema }),
  z.object({ kind: z.literal("participant-enrolled"), body: enrolmentSchema }),
  z.object({ kind: z.literal("run-created"), body: newRunSchema }),
  z.object({ kind: z.literal("run-ended"), body: runEndSchema }),
  z.object({ kind: z.literal("attempt-started"), body: attemptSchema }),
  z.object({ kind: z.literal("attempt-abandoned"), body: attemptEndSchema }),
  z.object({ kind: z.literal("round-completed"), body: roundSchema }),
  z.object({ kind: z.literal("round-committed"), body: commitSchema }),
  z.object({ kind: z.literal("evidence-recorded"), body: evidenceSchema }),
]);

/** Checks an event, leaving out what is not its own. Throws a plain error that names the member: it is a bug. */
export function parseEvent(event: { readonly kind: string; readonly body: unknown }): StoreEvent {
  const { success, data, error } = storeEvent.safeParse(event);
  if (success) return data;
  throw new Error(`event ${event.kind} does not hold: ${z.prettifyError(error)}`);
}
