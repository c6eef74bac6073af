import type { Hash } from "@chorus/aggregation";
import type { Logger } from "pino";
import type { Clock } from "../clock.ts";
import type { WireMetrics } from "../metrics.ts";
import type { Reception } from "../participants/check-in.ts";
import type { Session, Sessions } from "../participants/sessions.ts";
import type { ActiveRound } from "../round/active-round.ts";
import { RoundError } from "../round/error.ts";
import type { Runs } from "../runs/runs.ts";
import type { BlobStore, Store } from "../store/store.ts";
import { sessionOf } from "./authentication.ts";
import type { CallContext, Calls } from "./calls.ts";
import type { HandoverReceiver } from "./handover-receiver.ts";
import type { UploadReceiver } from "./upload.ts";
import { hashFromWire } from "./wire-fields.ts";
import type { WireMeter } from "./wire-meter.ts";

/** What the participants' service needs. */
export interface ParticipantServiceDependencies {
  readonly clock: Clock;
  readonly reception: Reception;
  readonly sessions: Sessions;
  readonly runs: Runs;
  readonly store: Store;
  readonly blobs: BlobStore;
  readonly meter: WireMeter;
  readonly metrics: WireMetrics;
  readonly uploads: UploadReceiver;
  readonly handovers: HandoverReceiver;
  readonly log: Logger;
  readonly calls: Calls;
}

/** Finds whose call it is and which round it is for, and counts its bytes. */
export function locate(
  { sessions, runs, meter, metrics }: ParticipantServiceDependencies,
  context: CallContext,
  request: { readonly roundId: Uint8Array },
): { session: Session; round: ActiveRound } {
  const session = sessionOf(context, sessions);
  const bytes = meter.sizeOf(request);
  metrics.bytes.inc({ direction: "in" }, bytes);
  const round = memberRound(runs, session, request.roundId);
  round.traffic.receivedBytes += bytes;
  return { session, round };
}

/** The running round of a message, which is one of its members'. Throws {@link RoundError} `unknown-round`, `not-in-cohort`. */
export function memberRound(runs: Runs, { participantId }: Session, id: Uint8Array): ActiveRound {
  const round = runs.round(hashFromWire(id, "round_id"));
  if (!round.members.has(participantId))
    throw new RoundError("not-in-cohort", `${participantId} is not in this round`);
  return round;
}

/** Counts a message to a participant once it is serialised; returns it. */
export function metered<Message extends object>(
  { meter, metrics, runs }: ParticipantServiceDependencies,
  session: Session,
  message: Message,
): Message {
  return meter.metered(message, (bytes) => {
    metrics.bytes.inc({ direction: "out" }, bytes);
    const round = runs.roundOf(session.participantId);
    if (round !== undefined) round.traffic.sentBytes += bytes;
  });
}

/** Refuses a message signed as somebody else. Throws {@link RoundError} `not-in-cohort`. */
export function checkSender(session: Session, participantId: string): void {
  if (participantId !== session.participantId)
    throw new RoundError(
      "not-in-cohort",
      `the message is signed as ${participantId}, the session is ${session.participantId}'s`,
    );
}

/** Refuses a message for another configuration. Throws {@link RoundError} `wrong-config`. */
export function checkConfig(
  { configHash: wanted }: { readonly configHash: Hash },
  got: Uint8Array,
): void {
  if (hashFromWire(got, "config_hash") !== wanted)
    throw new RoundError("wrong-config", `the message is not for configuration ${wanted}`);
}
