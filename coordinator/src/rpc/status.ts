import { MaskingError, type MaskingErrorCode, PlanError } from "@chorus/aggregation";
import { HandoverError, HeError } from "@chorus/aggregation/he";
import { type StatusObject, status } from "@grpc/grpc-js";
import type { Logger } from "pino";
import { AccessError, type AccessErrorCode } from "../participants/error.ts";
import { RoundError, type RoundErrorCode } from "../round/error.ts";
import { RunError, type RunErrorCode } from "../runs/error.ts";
import { StoreError, type StoreErrorCode } from "../store/store.ts";
import { beginningOf } from "../text.ts";
import { WireError } from "./error.ts";

type Status = (typeof status)[keyof typeof status];

const accessStatus = {
  "bad-challenge": status.UNAUTHENTICATED,
  "bad-signature": status.PERMISSION_DENIED,
  "bad-name": status.INVALID_ARGUMENT,
  "not-enrolled": status.PERMISSION_DENIED,
  "bad-invitation": status.PERMISSION_DENIED,
  "name-taken": status.PERMISSION_DENIED,
  "no-session": status.UNAUTHENTICATED,
  "bad-token": status.UNAUTHENTICATED,
  // Not final: a connection that broke unnoticed counts as in use for up to 7 s.
  "identity-in-use": status.ABORTED,
  "shutting-down": status.UNAVAILABLE,
} satisfies Record<AccessErrorCode, Status>;

const roundStatus = {
  "unknown-round": status.FAILED_PRECONDITION,
  "wrong-phase": status.FAILED_PRECONDITION,
  "not-in-cohort": status.FAILED_PRECONDITION,
  "contradictory-message": status.ALREADY_EXISTS,
  "wrong-plan": status.INVALID_ARGUMENT,
  "wrong-model": status.INVALID_ARGUMENT,
  "wrong-config": status.INVALID_ARGUMENT,
  "unwanted-request": status.INVALID_ARGUMENT,
  "unasked-handover": status.FAILED_PRECONDITION,
  "wrong-handover": status.INVALID_ARGUMENT,
  "no-handover": status.FAILED_PRECONDITION,
  "wrong-length": status.INVALID_ARGUMENT,
  "bad-chunk": status.INVALID_ARGUMENT,
  "replaced-upload": status.ABORTED,
  "stalled-upload": status.ABORTED,
} satisfies Record<RoundErrorCode, Status>;

const runStatus = {
  "unknown-run": status.NOT_FOUND,
  "unknown-model": status.NOT_FOUND,
  "unknown-transcript": status.NOT_FOUND,
  "abandoned-round": status.FAILED_PRECONDITION,
  "not-running": status.FAILED_PRECONDITION,
} satisfies Record<RunErrorCode, Status>;

const storeStatus = {
  duplicate: status.ALREADY_EXISTS,
  unknown: status.NOT_FOUND,
  "wrong-status": status.FAILED_PRECONDITION,
  "wrong-round": status.FAILED_PRECONDITION,
  conflict: status.ALREADY_EXISTS,
  unwritable: status.UNAVAILABLE,
  locked: status.UNAVAILABLE,
  "newer-schema": status.UNAVAILABLE,
  damaged: status.DATA_LOSS,
} satisfies Record<StoreErrorCode, Status>;

/** What a caller is told of an error that is meant for it; undefined for a bug. */
export function statusOf(error: unknown): { code: Status; reason: string } | undefined {
  if (error instanceof WireError) return { code: status.INVALID_ARGUMENT, reason: error.code };
  if (error instanceof AccessError) return { code: accessStatus[error.code], reason: error.code };
  if (error instanceof RoundError) return { code: roundStatus[error.code], reason: error.code };
  if (error instanceof RunError) return { code: runStatus[error.code], reason: error.code };
  if (error instanceof StoreError) return { code: storeStatus[error.code], reason: error.code };
  if (error instanceof MaskingError)
    return { code: status.INVALID_ARGUMENT, reason: error.code satisfies MaskingErrorCode };
  if (error instanceof PlanError || error instanceof HeError || error instanceof HandoverError)
    return { code: status.INVALID_ARGUMENT, reason: error.code };
  return undefined;
}

/** Longest text of a status: it travels as one header, percent-encoded, and one beyond 64 KiB ends the connection. */
const maxDetails = 4_096;

/** A text that fits, without halves of characters, which cannot be encoded: they can be in what a message quotes. */
function shortened(text: string): string {
  const whole = text.toWellFormed();
  return whole.length <= maxDetails ? whole : `${beginningOf(whole, maxDetails - 1)}…`;
}

/** Maps what handlers throw to gRPC statuses and counts refusals; a cause or a bug is logged, never sent. */
export function statusMapper(
  log: Logger,
  refused: (reason: string) => void,
): (error: unknown, method: string) => Partial<StatusObject> {
  return (error, method) => {
    const known = statusOf(error);
    if (known === undefined || !(error instanceof Error)) {
      log.error({ err: error, method }, "a call failed");
      return { code: status.INTERNAL, details: "internal error: see the coordinator's log" };
    }
    refused(known.reason);
    log.debug({ method, reason: known.reason, text: error.message }, "message refused");
    return { code: known.code, details: shortened(`${known.reason}: ${error.message}`) };
  };
}
