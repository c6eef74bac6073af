import { sha256Hex } from "@chorus/aggregation";
import {
  AdvertiseKeysRequest,
  ConfirmSurvivorsRequest,
  type ParticipantServiceServer,
  ParticipantServiceService,
  ReportTrainedRequest,
  RevealSharesRequest,
  ShareKeysRequest,
} from "@chorus/proto/v1/participant";
import type { AdvertisingKeys } from "../round/advertising-keys.ts";
import type { ConfirmingSurvivors } from "../round/confirming-survivors.ts";
import { sessionOf } from "./authentication.ts";
import { modelChunks, transcriptChunks } from "./file-streams.ts";
import { follow } from "./follow.ts";
import {
  checkConfig,
  checkSender,
  locate,
  metered,
  type ParticipantServiceDependencies,
} from "./participant-call.ts";
import type { RpcService } from "./server.ts";
import {
  ackFromWire,
  advertisementFromWire,
  exactly,
  hashFromWire,
  required,
  sealedShareFromWire,
} from "./wire.ts";

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
  const { reception, sessions, store, blobs, log, calls } = deps;
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
      for await (const response of modelChunks(blobs, hash, request.offset))
        yield metered(deps, session, response);
    }),
    downloadTranscript: calls.serverStream(async function* (request, context) {
      const session = sessionOf(context, sessions);
      const roundId = hashFromWire(request.roundId, "round_id");
      for await (const response of transcriptChunks(deps, roundId, request.offset))
        yield metered(deps, session, response);
    }),
  };
}

function roundHandlers(
  deps: ParticipantServiceDependencies,
): Omit<ParticipantServiceServer, keyof CheckInHandlers> {
  const { calls, uploads, log } = deps;
  return {
    acceptRound: calls.unary(async (request, context) => {
      const { session, round } = locate(deps, context, request);
      const planHash = hashFromWire(request.planHash, "plan_hash");
      round.deliver(session.participantId, "selecting", planHash, (phase) =>
        phase.accept(session.participantId, planHash),
      );
      return {};
    }),
    leaveRound: calls.unary(async (request, context) => {
      const { session, round } = locate(deps, context, request);
      const reason = codeOf(request.reason);
      const { name: participant, participantId } = session;
      log.warn({ participant, round: round.facts.round, reason }, "participant left the round");
      round.leave(participantId, reason);
      return {};
    }),
    reportTrained: calls.unary(async (request, context) => {
      const { session, round } = locate(deps, context, request);
      const modelHash = hashFromWire(request.modelHash, "model_hash");
      const nonceCommitment = hashFromWire(request.graphNonceCommitment, "graph_nonce_commitment");
      const digest = sha256Hex(ReportTrainedRequest.encode(request).finish());
      round.deliver(session.participantId, "training", digest, (phase) =>
        phase.trained(session.participantId, modelHash, nonceCommitment),
      );
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

function exchangeHandlers(
  deps: ParticipantServiceDependencies,
): Pick<
  ParticipantServiceServer,
  "advertiseKeys" | "shareKeys" | "confirmSurvivors" | "revealShares"
> {
  const { calls } = deps;
  return {
    advertiseKeys: calls.unary(async (request, context) => {
      const { session, round } = locate(deps, context, request);
      const advertisement = advertisementFromWire(required(request.advertisement, "advertisement"));
      checkSender(session, advertisement.participantId);
      const digest = sha256Hex(AdvertiseKeysRequest.encode(request).finish());
      const apply = (phase: AdvertisingKeys) => {
        checkConfig(phase, request.configHash);
        phase.advertise(advertisement);
      };
      const { signature } = advertisement;
      round.deliver(session.participantId, "advertising-keys", digest, apply, signature);
      return {};
    }),
    shareKeys: calls.unary(async (request, context) => {
      const { session, round } = locate(deps, context, request);
      const digest = sha256Hex(ShareKeysRequest.encode(request).finish());
      round.deliver(session.participantId, "sharing-keys", digest, (phase) => {
        checkConfig(phase, request.configHash);
        phase.share(session.participantId, request.sealedShares.map(sealedShareFromWire));
      });
      return {};
    }),
    confirmSurvivors: calls.unary(async (request, context) => {
      const { session, round } = locate(deps, context, request);
      const ack = ackFromWire(required(request.ack, "ack"));
      checkSender(session, ack.participantId);
      const digest = sha256Hex(ConfirmSurvivorsRequest.encode(request).finish());
      const apply = (phase: ConfirmingSurvivors) => {
        checkConfig(phase, request.configHash);
        phase.confirm(ack);
      };
      const { signature } = ack;
      round.deliver(session.participantId, "confirming-survivors", digest, apply, signature);
      return {};
    }),
    revealShares: calls.unary(async (request, context) => {
      const { session, round } = locate(deps, context, request);
      const digest = sha256Hex(RevealSharesRequest.encode(request).finish());
      round.deliver(session.participantId, "unmasking", digest, (phase) => {
        checkConfig(phase, request.configHash);
        const { selfMaskShares, maskKeyShares } = request;
        phase.reveal(session.participantId, { selfMaskShares, maskKeyShares });
      });
      return {};
    }),
  };
}

/** A participant's reason as a code: never free text that could quote data into a log. */
function codeOf(reason: string): string {
  return /^[a-z][a-z0-9-]{0,63}$/.test(reason) ? reason : "unnamed";
}
