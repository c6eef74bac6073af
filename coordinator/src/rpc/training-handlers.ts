import { sha256Hex } from "@chorus/aggregation";
import {
  AcceptRoundRequest,
  type ParticipantServiceServer,
  ReportTrainedRequest,
} from "@chorus/proto/v1/participant";
import { sessionOf } from "./authentication.ts";
import { handoverChunks } from "./handover-chunks.ts";
import {
  checkSender,
  locate,
  metered,
  type ParticipantServiceDependencies,
} from "./participant-call.ts";
import { hashFromWire } from "./wire-fields.ts";
import { modelRequestFromWire } from "./wire-handover.ts";

/** The calls of a round before its masked exchange. */
export function trainingHandlers(
  deps: ParticipantServiceDependencies,
): Pick<
  ParticipantServiceServer,
  "acceptRound" | "reportTrained" | "handOverModel" | "downloadHandover"
> {
  const { calls, handovers } = deps;
  return {
    acceptRound: calls.unary(async (request, context) => {
      const { session, round } = locate(deps, context, request);
      const { participantId } = session;
      const planHash = hashFromWire(request.planHash, "plan_hash");
      const asked = request.modelRequest && modelRequestFromWire(request.modelRequest);
      if (asked !== undefined) checkSender(session, asked.participantId);
      const digest =
        asked === undefined ? planHash : sha256Hex(AcceptRoundRequest.encode(request).finish());
      round.deliver(
        participantId,
        "selecting",
        digest,
        (phase) => phase.accept(participantId, planHash, asked),
        asked?.signature,
      );
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
    handOverModel: calls.clientStream(async (requests, context) => {
      const session = sessionOf(context, deps.sessions);
      await handovers.receive(session, requests, context.signal);
      return {};
    }),
    downloadHandover: calls.serverStream(async function* (request, context) {
      const { session, round } = locate(deps, context, request);
      for (const response of handoverChunks(round, session.participantId, request.offset))
        yield metered(deps, session, response);
    }),
  };
}
