import type { ParticipantId } from "@chorus/aggregation";
import type { Chunk } from "@chorus/proto/v1/types";
import type { ActiveRound } from "../round/active-round.ts";
import { RoundError } from "../round/error.ts";
import { isGathering } from "../round/round.ts";
import { chunksFrom } from "./chunks.ts";

/**
 * The sealed model that was handed over for a participant, from an offset on, as long as it is wanted. Throws
 * {@link RoundError} `no-handover`, and as `ActiveRound.wanted` says.
 */
export function* handoverChunks(
  round: ActiveRound,
  participantId: ParticipantId,
  offset: number,
): Generator<{ readonly totalBytes: number; readonly chunk: Chunk }> {
  const wanted = round.wanted(participantId);
  for (const part of chunksFrom(sealedModelFor(round, participantId), offset)) {
    wanted.throwIfAborted();
    yield part;
  }
}

function sealedModelFor({ round }: ActiveRound, participantId: ParticipantId): Uint8Array {
  const isHere = isGathering(round) && round.phase === "training" && !round.left.has(participantId);
  const sealed = isHere ? round.handover.sealedFor(participantId) : undefined;
  if (sealed !== undefined) return sealed;
  throw new RoundError("no-handover", `no model was handed over to ${participantId}`);
}
