import type { ParticipantId } from "@chorus/aggregation";
import type { Departures } from "./gathering.ts";
import type { ModelHandover } from "./model-handover.ts";

/** Why a participant should be the last to be asked for the model in the next attempt. */
export interface Doubt {
  readonly participantId: ParticipantId;
  /** For operators: names and codes. */
  readonly text: string;
}

/** What those leave with who could not use the model that was handed over to them. */
const UNUSABLE: ReadonlySet<string> = new Set([
  "wrong-model",
  "wrong-length",
  "non-finite",
  "bad-key",
  "wrong-participant",
  "bad-signature",
  "wrong-bytes",
  "unopenable-model",
]);

/** Who has not handed the model over although it was their turn, and whose model others left with as unusable. */
export function doubtsOf(
  handover: ModelHandover,
  left: Departures,
  nameOf: (participantId: ParticipantId) => string,
): readonly Doubt[] {
  const silent = handover.silent.map((participantId) => ({
    participantId,
    text: `${nameOf(participantId)} has not handed the model over`,
  }));
  const { from } = handover;
  const refusals = [...handover.requests.keys()].flatMap((id) => {
    const reason = left.get(id);
    return reason !== undefined && UNUSABLE.has(reason) ? [`${nameOf(id)} (${reason})`] : [];
  });
  if (from === undefined || refusals.length === 0) return silent;
  const text = `${nameOf(from)} handed over a model that others could not use: ${refusals.join(", ")}`;
  return [...silent, { participantId: from, text }];
}
