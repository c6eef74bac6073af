import { sha256Hex } from "@chorus/aggregation";
import {
  AdvertiseKeysRequest,
  ConfirmSurvivorsRequest,
  ReportModelRequest,
  RevealSharesRequest,
  ShareKeysRequest,
  SubmitUpdateRequest,
} from "@chorus/proto/v1/participant";
import type { Answer } from "../session/answer.ts";
import * as wire from "../wire/answers.ts";
import type { ExchangeStep, JournalEntry } from "./entry.ts";

/**
 * What the journal has to hold before an answer leaves: its digest is of the message as it is sent, of an upload's header,
 * which commits to the rest. Undefined for an answer that is outside the masked exchange.
 */
export function entryOf(answer: Answer): JournalEntry | undefined {
  const { roundId } = answer;
  const entry = (step: ExchangeStep, message: Uint8Array) => ({
    roundId,
    step,
    digest: sha256Hex(message),
  });
  switch (answer.kind) {
    case "accept-round":
    case "leave-round":
    case "hand-over-model":
    case "report-trained":
      return undefined;
    case "advertise-keys": {
      const request = wire.advertiseKeysRequest(answer);
      return entry("advertise-keys", AdvertiseKeysRequest.encode(request).finish());
    }
    case "share-keys": {
      const request = wire.shareKeysRequest(answer);
      return entry("share-keys", ShareKeysRequest.encode(request).finish());
    }
    case "submit-update": {
      const [header] = wire.submitUpdateRequests(answer);
      if (header === undefined) throw new Error("an upload begins with its header");
      return entry("upload", SubmitUpdateRequest.encode(header).finish());
    }
    case "confirm-survivors": {
      const request = wire.confirmSurvivorsRequest(answer);
      return entry("confirm-survivors", ConfirmSurvivorsRequest.encode(request).finish());
    }
    case "reveal-shares": {
      const request = wire.revealSharesRequest(answer);
      return entry("reveal", RevealSharesRequest.encode(request).finish());
    }
    case "report-model": {
      const request = wire.reportModelRequest(answer);
      return entry("open-sum", ReportModelRequest.encode(request).finish());
    }
  }
}
