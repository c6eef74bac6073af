import { type ServiceError, status } from "@grpc/grpc-js";

/**
 * What a failed call means to a participant. `interrupted`: nobody may have heard it, send it again. `no-session`: check in
 * again first. `too-late`: the round went on without it. `refused`: sending it again would not help.
 */
export type Failure = "interrupted" | "no-session" | "too-late" | "refused";

/** What a failed call means; undefined for an error that no call made. */
export function failureOf(error: unknown): Failure | undefined {
  if (!isServiceError(error)) return undefined;
  // A connection that breaks in mid-stream is INTERNAL to grpc-js when the socket reported anything but a reset.
  if (error.code === status.INTERNAL && error.details.startsWith("Received RST_STREAM"))
    return "interrupted";
  return meanings[error.code] ?? "refused";
}

/** Whether the coordinator will refuse the next check-in just as it refused this one. */
export function isFinalRefusal(error: unknown): error is ServiceError {
  return isServiceError(error) && finalRefusals.has(error.code);
}

/** Whether a check-in was refused because another connection with the same identity is there. */
export function isIdentityInUse(error: unknown): boolean {
  return (
    isServiceError(error) &&
    error.code === status.ABORTED &&
    error.details.startsWith("identity-in-use")
  );
}

/** Whether a transcript was refused because the coordinator says that the attempt at the round was abandoned. */
export function isAbandonedRound(error: unknown): boolean {
  return (
    isServiceError(error) &&
    error.code === status.FAILED_PRECONDITION &&
    error.details.startsWith("abandoned-round")
  );
}

/** A call's failure in words for a log: the status, and what the coordinator said. */
export function describeFailure(error: unknown): string {
  if (isServiceError(error)) return `${status[error.code]}: ${error.details}`;
  return error instanceof Error ? error.message : String(error);
}

const meanings: Partial<Record<status, Failure>> = {
  [status.UNAVAILABLE]: "interrupted",
  [status.DEADLINE_EXCEEDED]: "interrupted",
  [status.CANCELLED]: "interrupted",
  [status.ABORTED]: "interrupted",
  [status.RESOURCE_EXHAUSTED]: "interrupted",
  [status.UNAUTHENTICATED]: "no-session",
  [status.FAILED_PRECONDITION]: "too-late",
};

const finalRefusals: ReadonlySet<status> = new Set([
  status.PERMISSION_DENIED,
  status.INVALID_ARGUMENT,
  status.ALREADY_EXISTS,
]);

function isServiceError(error: unknown): error is ServiceError {
  return (
    error instanceof Error &&
    "code" in error &&
    typeof error.code === "number" &&
    "details" in error &&
    typeof error.details === "string"
  );
}
