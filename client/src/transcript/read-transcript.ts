import {
  COMMITMENT_BYTES,
  type CommittedUpload,
  contentLength,
  encryptedSumBytes,
  isEncrypted,
  parseRoundConfig,
  RANDOMNESS_WORDS,
  type RoundTranscript,
  wordsOfBytes,
} from "@chorus/aggregation";
import * as proto from "@chorus/proto/v1/transcript";
import { ClientError } from "../error.ts";
import { exactly } from "../wire/fields.ts";
import { readAck, readKeys, readReport, readUpload } from "../wire/messages.ts";

/**
 * Reads a published transcript. Nothing but its form is checked: the rest is for `verifyTranscript`, `verifyOpenedSum` and
 * `verifyReports`. Throws {@link ClientError} `protocol` for what is no transcript or has a field of a wrong length, and
 * MaskingError `bad-config` for a configuration that cannot be read.
 */
export function readTranscript(bytes: Uint8Array): RoundTranscript {
  const message = decode(bytes);
  const config = parseRoundConfig(message.roundConfig);
  const signed = {
    keyBook: message.keyBook.map(readKeys),
    survivors: message.survivors.map(readSurvivor),
    acks: message.acks.map(readAck),
  };
  const { sum, randomness, encryptedSum, reports } = message;
  if (isEncrypted(config)) {
    // Nothing but the sum is in both kinds.
    exactly(sum, 0, "sum beside an encrypted one");
    exactly(randomness, 0, "sum of the randomness beside an encrypted one");
    const wanted = encryptedSumBytes(config);
    return {
      ...{ ...signed, config },
      encryptedSum: exactly(encryptedSum, wanted, "encrypted sum"),
      reports: reports.map(readReport),
    };
  }
  exactly(encryptedSum, 0, "encrypted sum beside an open one");
  return {
    ...{ ...signed, config },
    sum: readWords(sum, contentLength(config.dimension), "sum"),
    randomness: readWords(randomness, RANDOMNESS_WORDS, "sum of the randomness"),
  };
}

function decode(bytes: Uint8Array): proto.RoundTranscript {
  try {
    return proto.RoundTranscript.decode(bytes);
  } catch (cause) {
    const message = `got ${bytes.length} bytes that are no transcript, wanted a RoundTranscript`;
    throw new ClientError("protocol", message, { cause });
  }
}

function readSurvivor({ upload, vectorCommitment }: proto.CommittedUpload): CommittedUpload {
  if (upload === undefined)
    throw new ClientError("protocol", "got a survivor without its upload, wanted both");
  const commitment = exactly(vectorCommitment, COMMITMENT_BYTES, "commitment to a vector");
  return { upload: readUpload(upload), commitment };
}

/** Copied, which aligns them, so that neither the file nor the message is kept. */
function readWords(bytes: Uint8Array, words: number, what: string): Uint32Array {
  return wordsOfBytes(exactly(bytes, 4 * words, what));
}
