import { sha256Hex } from "@chorus/aggregation";
import {
  AdvertiseKeysRequest,
  ConfirmSurvivorsRequest,
  type ParticipantServiceServer,
  ReportModelRequest,
  RevealSharesRequest,
  ShareKeysRequest,
} from "@chorus/proto/v1/participant";
import type { AdvertisingKeys } from "../round/advertising-keys.ts";
import type { ConfirmingSurvivors } from "../round/confirming-survivors.ts";
import type { Opening } from "../round/opening.ts";
import {
  checkConfig,
  checkSender,
  locate,
  type ParticipantServiceDependencies,
} from "./participant-call.ts";
import { ackFromWire, advertisementFromWire, sealedShareFromWire } from "./wire.ts";
import { required } from "./wire-fields.ts";
import { reportFromWire } from "./wire-report.ts";

/** The calls of a round's masked exchange, but for the update. */
export function exchangeHandlers(deps: ParticipantServiceDependencies): ExchangeHandlers {
  return { ...keyHandlers(deps), ...sumHandlers(deps) };
}

type KeyHandlers = Pick<ParticipantServiceServer, "advertiseKeys" | "shareKeys">;
type SumHandlers = Pick<
  ParticipantServiceServer,
  "confirmSurvivors" | "revealShares" | "reportModel"
>;
type ExchangeHandlers = KeyHandlers & SumHandlers;

function keyHandlers(deps: ParticipantServiceDependencies): KeyHandlers {
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
  };
}

function sumHandlers(deps: ParticipantServiceDependencies): SumHandlers {
  const { calls } = deps;
  return {
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
    reportModel: calls.unary(async (request, context) => {
      const { session, round } = locate(deps, context, request);
      const report = reportFromWire(required(request.report, "report"));
      checkSender(session, report.participantId);
      const digest = sha256Hex(ReportModelRequest.encode(request).finish());
      const apply = (phase: Opening) => {
        checkConfig(phase, request.configHash);
        phase.report(report);
      };
      round.deliver(session.participantId, "opening", digest, apply, report.signature);
      return {};
    }),
  };
}
