import { type EncryptedTranscript, isEncrypted, parseRoundConfig } from "@chorus/aggregation";
import { RoundTranscript } from "@chorus/proto/v1/transcript";
import { reportFromWire } from "../rpc/wire-report.ts";

/** What the bytes of an encrypted round's transcript say. */
export function transcriptOf(bytes: Uint8Array): EncryptedTranscript {
  const message = RoundTranscript.decode(bytes);
  const config = parseRoundConfig(message.roundConfig);
  if (!isEncrypted(config)) throw new Error("the round is not encrypted");
  return {
    config,
    keyBook: message.keyBook,
    survivors: message.survivors.map(({ upload, vectorCommitment }) => {
      if (upload === undefined) throw new Error("a survivor has no upload");
      return { upload, commitment: vectorCommitment };
    }),
    acks: message.acks,
    encryptedSum: message.encryptedSum,
    reports: message.reports.map(reportFromWire),
  };
}
