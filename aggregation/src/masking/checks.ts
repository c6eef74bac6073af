import { MaskingError, type MaskingErrorCode } from "./error.ts";
import { type Guard, strictGuard } from "./guard.ts";
import type { ParticipantId } from "./messages.ts";

/** Refuses with {@link MaskingError} `wrong-length` unless `bytes` are as many as wanted. */
export function requireLength(
  bytes: Uint8Array,
  wanted: number,
  what: string,
  participantId: ParticipantId,
  guard: Guard = strictGuard,
): void {
  if (bytes.length !== wanted) {
    const message = `${what} of ${participantId} has ${bytes.length} bytes, wanted ${wanted}`;
    guard.refuse(new MaskingError("wrong-length", message, { participantId }));
  }
}

/** The ids as a set. Refuses with {@link MaskingError} `duplicate-id`. */
export function requireDistinct(
  ids: Iterable<ParticipantId>,
  guard: Guard = strictGuard,
): Set<ParticipantId> {
  const seen = new Set<ParticipantId>();
  for (const participantId of ids) {
    if (seen.has(participantId)) {
      const message = `${participantId} is there twice`;
      guard.refuse(new MaskingError("duplicate-id", message, { participantId }));
    }
    seen.add(participantId);
  }
  return seen;
}

/** Refuses with {@link MaskingError} `unknown-participant` naming the first id that is not among `known`. */
export function requireAmong(
  ids: Iterable<ParticipantId>,
  known: ReadonlySet<ParticipantId>,
  what: string,
  guard: Guard = strictGuard,
): void {
  for (const participantId of ids) {
    if (!known.has(participantId)) {
      const message = `${participantId} is not among the ${what}`;
      guard.refuse(new MaskingError("unknown-participant", message, { participantId }));
    }
  }
}

/** Refuses with {@link MaskingError} `code` unless `ids` are exactly the wanted ones, each once. */
export function requireExactly(
  ids: readonly ParticipantId[],
  wanted: ReadonlySet<ParticipantId>,
  code: MaskingErrorCode,
  what: string,
  guard: Guard = strictGuard,
): void {
  const got = new Set(ids);
  if (ids.length !== wanted.size || [...wanted].some((id) => !got.has(id))) {
    const message = `${what}: got ${ids.length}, wanted one for each of ${wanted.size}`;
    guard.refuse(new MaskingError(code, message));
  }
}

/** Refuses with {@link MaskingError} `too-few` and both numbers. */
export function requireEnough(
  got: number,
  wanted: number,
  what: string,
  guard: Guard = strictGuard,
): void {
  refuseShortage(shortageOf(got, wanted, what), guard);
}

/** What {@link requireEnough} would refuse with; undefined when it would not. */
export function shortageOf(got: number, wanted: number, what: string): MaskingError | undefined {
  if (got >= wanted) return undefined;
  return new MaskingError("too-few", `${got} ${what}, wanted ${wanted} or more`, { got, wanted });
}

/** Refuses with the shortage, when there is one. */
export function refuseShortage(
  shortage: MaskingError | undefined,
  guard: Guard = strictGuard,
): void {
  if (shortage !== undefined) guard.refuse(shortage);
}

/** Refuses with {@link MaskingError} `already-delivered` when the participant has delivered this step. */
export function requireFirst(
  delivered: { has(participantId: ParticipantId): boolean },
  participantId: ParticipantId,
  what: string,
  guard: Guard = strictGuard,
): void {
  if (delivered.has(participantId)) {
    const message = `${participantId} has already delivered its ${what}`;
    guard.refuse(new MaskingError("already-delivered", message, { participantId }));
  }
}

/** Ascending by id. */
export function byId<T extends { readonly participantId: ParticipantId }>(
  messages: Iterable<T>,
): T[] {
  return [...messages].toSorted((a, b) => (a.participantId < b.participantId ? -1 : 1));
}
