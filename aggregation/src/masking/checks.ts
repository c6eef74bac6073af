import { MaskingError, type MaskingErrorCode } from "./error.ts";
import type { ParticipantId } from "./messages.ts";

/** Throws {@link MaskingError} `wrong-length` unless `bytes` are as many as wanted. */
export function requireLength(
  bytes: Uint8Array,
  wanted: number,
  what: string,
  participantId: ParticipantId,
): void {
  if (bytes.length !== wanted) {
    const message = `${what} of ${participantId} has ${bytes.length} bytes, wanted ${wanted}`;
    throw new MaskingError("wrong-length", message, { participantId });
  }
}

/** The ids as a set. Throws {@link MaskingError} `duplicate-id`. */
export function requireDistinct(ids: Iterable<ParticipantId>): Set<ParticipantId> {
  const seen = new Set<ParticipantId>();
  for (const participantId of ids) {
    if (seen.has(participantId)) {
      throw new MaskingError("duplicate-id", `${participantId} is there twice`, { participantId });
    }
    seen.add(participantId);
  }
  return seen;
}

/** Throws {@link MaskingError} `unknown-participant` naming the first id that is not among `known`. */
export function requireAmong(
  ids: Iterable<ParticipantId>,
  known: ReadonlySet<ParticipantId>,
  what: string,
): void {
  for (const participantId of ids) {
    if (!known.has(participantId)) {
      const message = `${participantId} is not among the ${what}`;
      throw new MaskingError("unknown-participant", message, { participantId });
    }
  }
}

/** Throws {@link MaskingError} `code` unless `ids` are exactly the wanted ones, each once. */
export function requireExactly(
  ids: readonly ParticipantId[],
  wanted: ReadonlySet<ParticipantId>,
  code: MaskingErrorCode,
  what: string,
): void {
  const got = new Set(ids);
  if (ids.length !== wanted.size || [...wanted].some((id) => !got.has(id))) {
    throw new MaskingError(
      code,
      `${what}: got ${ids.length}, wanted one for each of ${wanted.size}`,
    );
  }
}

/** Throws {@link MaskingError} `too-few` with both numbers. */
export function requireEnough(got: number, wanted: number, what: string): void {
  refuseShortage(shortageOf(got, wanted, what));
}

/** What {@link requireEnough} would throw; undefined when it would not. */
export function shortageOf(got: number, wanted: number, what: string): MaskingError | undefined {
  if (got >= wanted) return undefined;
  return new MaskingError("too-few", `${got} ${what}, wanted ${wanted} or more`, { got, wanted });
}

/** Throws the shortage, when there is one. */
export function refuseShortage(shortage: MaskingError | undefined): void {
  if (shortage !== undefined) throw shortage;
}

/** Throws {@link MaskingError} `already-delivered` when the participant has delivered this step. */
export function requireFirst(
  delivered: { has(participantId: ParticipantId): boolean },
  participantId: ParticipantId,
  what: string,
): void {
  if (delivered.has(participantId)) {
    const message = `${participantId} has already delivered its ${what}`;
    throw new MaskingError("already-delivered", message, { participantId });
  }
}

/** Ascending by id. */
export function byId<T extends { readonly participantId: ParticipantId }>(
  messages: Iterable<T>,
): T[] {
  return [...messages].toSorted((a, b) => (a.participantId < b.participantId ? -1 : 1));
}
