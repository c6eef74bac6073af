import {
  bytesOfWords,
  type EncryptedTranscript,
  hexToBytes,
  type MaskedTranscript,
  type ModelReport,
  type RoundTranscript,
  serialiseRoundConfig,
} from "@chorus/aggregation";
import { RoundTranscript as TranscriptMessage } from "@chorus/proto/v1/transcript";
import type * as types from "@chorus/proto/v1/types";

const NONE = new Uint8Array();

/** A round's transcript as it is published: the bytes of its message in `transcript.proto`. */
export function transcriptToBytes(transcript: RoundTranscript): Uint8Array {
  const { config, keyBook, survivors, acks } = transcript;
  return TranscriptMessage.encode({
    roundConfig: serialiseRoundConfig(config),
    keyBook: keyBook.map((keys) => ({ ...keys, keyCommitment: keys.keyCommitment ?? NONE })),
    survivors: survivors.map(({ upload, commitment }) => ({
      upload,
      vectorCommitment: commitment,
    })),
    acks: [...acks],
    ...("encryptedSum" in transcript ? encryptedSumOf(transcript) : openSumOf(transcript)),
  }).finish();
}

type SumFields = Pick<TranscriptMessage, "sum" | "randomness" | "encryptedSum" | "reports">;

function openSumOf({ sum, randomness }: MaskedTranscript): SumFields {
  return {
    sum: bytesOfWords(sum),
    randomness: bytesOfWords(randomness),
    encryptedSum: NONE,
    reports: [],
  };
}

function encryptedSumOf({ encryptedSum, reports }: EncryptedTranscript): SumFields {
  return { sum: NONE, randomness: NONE, encryptedSum, reports: reports.map(reportToWire) };
}

function reportToWire({ modelHash, stateHash, ...report }: ModelReport): types.ModelReport {
  return {
    ...report,
    modelHash: hexToBytes(modelHash, 32),
    stateHash: stateHash === "" ? NONE : hexToBytes(stateHash, 32),
  };
}
