import type { Hash } from "@chorus/aggregation";
import type * as participant from "@chorus/proto/v1/participant";
import type { AnswerOf } from "../session/answer.ts";
import { bytesOf } from "./fields.ts";
import { chunksOf } from "./files.ts";
import { handoverMessage, keysMessage, reportMessage } from "./messages.ts";

export function acceptRoundRequest(
  answer: AnswerOf<"accept-round">,
): participant.AcceptRoundRequest {
  const { roundId, planHash, modelRequest } = answer;
  return { roundId: bytesOf(roundId), planHash: bytesOf(planHash), modelRequest };
}

export function leaveRoundRequest(answer: AnswerOf<"leave-round">): participant.LeaveRoundRequest {
  return { roundId: bytesOf(answer.roundId), reason: answer.reason };
}

export function reportTrainedRequest(
  answer: AnswerOf<"report-trained">,
): participant.ReportTrainedRequest {
  return {
    roundId: bytesOf(answer.roundId),
    modelHash: bytesOf(answer.modelHash),
    graphNonceCommitment: bytesOf(answer.nonceCommitment),
  };
}

export function advertiseKeysRequest(
  answer: AnswerOf<"advertise-keys">,
): participant.AdvertiseKeysRequest {
  return { ...binding(answer), advertisement: keysMessage(answer.advertisement) };
}

export function shareKeysRequest(answer: AnswerOf<"share-keys">): participant.ShareKeysRequest {
  return { ...binding(answer), sealedShares: answer.sealedShares };
}

/** The header of an upload, then its chunks in order, each made when it is asked for. */
export function* submitUpdateRequests(
  answer: AnswerOf<"submit-update">,
): Generator<participant.SubmitUpdateRequest, void, undefined> {
  const { bytes, committed } = answer;
  const { upload: commitment, commitment: vectorCommitment } = committed;
  const header = { ...binding(answer), totalBytes: bytes.length, commitment, vectorCommitment };
  yield { part: { $case: "header", value: header } };
  for (const chunk of chunksOf(bytes)) yield { part: { $case: "chunk", value: chunk } };
}

/** The header of a model that is handed over, then its chunks in order, each made when it is asked for. */
export function* handOverModelRequests(
  answer: AnswerOf<"hand-over-model">,
): Generator<participant.HandOverModelRequest, void, undefined> {
  const { roundId, sealed } = answer;
  const handovers = answer.handovers.map(({ to, handover }) => ({
    to,
    handover: handoverMessage(handover),
  }));
  const header = { roundId: bytesOf(roundId), handovers, totalBytes: sealed.length };
  yield { part: { $case: "header", value: header } };
  for (const chunk of chunksOf(sealed)) yield { part: { $case: "chunk", value: chunk } };
}

export function confirmSurvivorsRequest(
  answer: AnswerOf<"confirm-survivors">,
): participant.ConfirmSurvivorsRequest {
  return { ...binding(answer), ack: answer.ack };
}

export function revealSharesRequest(
  answer: AnswerOf<"reveal-shares">,
): participant.RevealSharesRequest {
  return { ...binding(answer), ...answer.shares };
}

export function reportModelRequest(
  answer: AnswerOf<"report-model">,
): participant.ReportModelRequest {
  return { ...binding(answer), report: reportMessage(answer.report) };
}

/** What every message of the masked exchange begins with. */
function binding(answer: { readonly roundId: Hash; readonly configHash: Hash }): {
  roundId: Uint8Array;
  configHash: Uint8Array;
} {
  return { roundId: bytesOf(answer.roundId), configHash: bytesOf(answer.configHash) };
}
