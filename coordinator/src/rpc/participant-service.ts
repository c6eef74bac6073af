import type { Hash } from "@chorus/aggregation";
import {
  type ParticipantServiceServer,
  ParticipantServiceService,
} from "@chorus/proto/v1/participant";
import type { Session } from "../participants/sessions.ts";
import { sessionOf } from "./authentication.ts";
import { chunksFrom } from "./chunks.ts";
import { exchangeHandlers } from "./exchange-handlers.ts";
import { modelChunks, transcriptChunks } from "./file-streams.ts";
import { follow } from "./follow.ts";
import { locate, metered, type ParticipantServiceDependencies } from "./participant-call.ts";
import type { RpcService } from "./server.ts";
import { trainingHandlers } from "./training-handlers.ts";
import { exactly, hashFromWire } from "./wire-fields.ts";

/** Serves participants: decodes, finds the session and the round, applies. No logic of its own. */
export function participantService(deps: ParticipantServiceDependencies): RpcService {
  const definition = deps.meter.watch(ParticipantServiceService);
  return { definition, implementation: { ...checkInHandlers(deps), ...roundHandlers(deps) } };
}

type CheckInHandlers = Pick<
  ParticipantServiceServer,
  "requestChallenge" | "checkIn" | "follow" | "downloadModel" | "downloadTranscript"
>;

function checkInHandlers(deps: ParticipantServiceDependencies): CheckInHandlers {
  const { reception, sessions, store, log, calls } = deps;
  return {
    requestChallenge: calls.unary(async ({ identityKey }) => ({
      challenge: reception.challenge(exactly(identityKey, 32, "identity_key")),
      federationId: store.federation.federationId,
    })),
    checkIn: calls.unary(async (request, { vouch }) => {
      const { token, session } = await reception.checkIn({
        ...request,
        identityKey: exactly(request.identityKey, 32, "identity_key"),
        challenge: exactly(request.challenge, 32, "challenge"),
        backend: request.capabilities?.backend ?? "",
        softwareVersion: request.capabilities?.softwareVersion ?? "",
      });
      vouch();
      log.info({ participant: session.name }, "participant checked in");
      return { sessionToken: token, participantId: session.participantId };
    }),
    follow: calls.endlessStream((_request, context) =>
      follow(sessionOf(context, sessions), deps, context.signal),
    ),
    downloadModel: calls.serverStream(async function* (request, context) {
      const session = sessionOf(context, sessions);
      const hash = hashFromWire(request.modelHash, "model_hash");
      for await (const response of modelChunks(deps, hash, request.offset))
        yield metered(deps, session, response);
    }),
    downloadTranscript: calls.serverStream(async function* (request, context) {
      const session = sessionOf(context, sessions);
      const roundId = hashFromWire(request.roundId, "round_id");
      const open = openTranscript(deps, session, roundId);
      const chunks =
        open === undefined
          ? transcriptChunks(deps, roundId, request.offset)
          : chunksFrom(open, request.offset);
      for await (const response of chunks) yield metered(deps, session, response);
    }),
  };
}

/** The transcript, without reports, of a participant's own round whose sum is being opened; undefined for any other. */
function openTranscript(
  { runs }: ParticipantServiceDependencies,
  { participantId }: Session,
  roundId: Hash,
): Uint8Array | undefined {
  const active = runs.roundOf(participantId);
  if (active?.facts.roundId !== roundId) return undefined;
  return active.round.phase === "opening" ? active.round.transcriptBytes : undefined;
}

function roundHandlers(
  deps: ParticipantServiceDependencies,
): Omit<ParticipantServiceServer, keyof CheckInHandlers> {
  const { calls, uploads, log } = deps;
  return {
    ...trainingHandlers(deps),
    leaveRound: calls.unary(async (request, context) => {
      const { session, round } = locate(deps, context, request);
      const reason = codeOf(request.reason);
      const { name: participant, participantId } = session;
      log.warn({ participant, round: round.facts.round, reason }, "participant left the round");
      round.leave(participantId, reason);
      return {};
    }),
    submitUpdate: calls.clientStream(async (requests, context) => {
      const session = sessionOf(context, deps.sessions);
      await uploads.receive(session, requests, context.signal);
      return {};
    }),
    ...exchangeHandlers(deps),
  };
}

/** A participant's reason as a code: never free text that could quote data into a log. */
function codeOf(reason: string): string {
  return /^[a-z][a-z0-9-]{0,63}$/.test(reason) ? reason : "unnamed";
}
