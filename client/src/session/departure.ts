import { MaskingError, ModelError, PlanError } from "@chorus/aggregation";
import { HandoverError, HeError } from "@chorus/aggregation/he";
import type { Logger } from "pino";
import { ClientError } from "../error.ts";
import { describeFailure, failureOf } from "../rpc/failure.ts";

/** An error with a code of its own: all others are failed calls, time-outs and bugs. */
export type KnownError =
  | ClientError
  | MaskingError
  | PlanError
  | ModelError
  | HeError
  | HandoverError;

/**
 * Why a participant leaves a round, as a code: the error's own, or `too-late`, `refused` (by the coordinator) and
 * `internal-error` (a bug).
 */
export function reasonOf(error: unknown): string {
  if (isKnown(error)) return error.code;
  if (error instanceof DOMException && error.name === "TimeoutError") return "too-late";
  const failure = failureOf(error);
  if (failure === undefined) return "internal-error";
  return failure === "too-late" ? "too-late" : "refused";
}

/** Tells the people at the site; what they read here is sent to nobody. */
export function logDeparture(log: Logger, error: unknown, reason: string): void {
  const detail = describeFailure(error);
  if (reason === "internal-error") log.error({ err: error }, "left the round because of a bug");
  else if (reason === "too-late") log.warn({ detail }, "too late, the round goes on without us");
  else log.warn({ reason, detail }, "left the round");
}

/** Whether an error is one of ours and no bug. */
export function isKnown(error: unknown): error is KnownError {
  return (
    error instanceof ClientError ||
    error instanceof MaskingError ||
    error instanceof PlanError ||
    error instanceof ModelError ||
    error instanceof HeError ||
    error instanceof HandoverError
  );
}
