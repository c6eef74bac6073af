import type { FollowResponse } from "@chorus/proto/v1/participant";
import type { Session } from "../participants/sessions.ts";
import { metered, type ParticipantServiceDependencies } from "./participant-call.ts";
import { instructionToWire } from "./wire.ts";

/** A participant's instructions for the wire, beginning with the one that its round waits for. */
export async function* follow(
  session: Session,
  deps: ParticipantServiceDependencies,
  signal: AbortSignal,
): AsyncGenerator<FollowResponse> {
  const { sessions, runs, store, clock, log } = deps;
  const { participantId, name } = session;
  const current = runs.roundOf(participantId)?.instructionFor(participantId);
  const instructions = sessions.follow(session, current === undefined ? [] : [current], signal);
  for await (const instruction of instructions) {
    const remainingMs = runs.roundOf(participantId)?.remaining?.hardMs ?? 0;
    yield metered(deps, session, instructionToWire(instruction, remainingMs));
  }
  log.info({ participant: name }, "participant disconnected");
  if (!sessions.isConnected(participantId))
    runs.roundOf(participantId)?.disconnected(participantId);
  const known = await store.participant(participantId);
  if (known !== undefined)
    await store.touchParticipant(participantId, { ...known, lastSeenMs: clock.now() });
}
