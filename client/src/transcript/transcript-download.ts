import {
  COMMITMENT_BYTES,
  contentLength,
  encryptedSumBytes,
  isEncrypted,
  RANDOMNESS_WORDS,
  type RoundConfig,
  serialiseRoundConfig,
} from "@chorus/aggregation";
import { RoundTranscript } from "@chorus/proto/v1/transcript";
import { downloadFile } from "../resumed-download.ts";
import type { Uplink } from "../uplink.ts";

/** Which round's. */
export interface WantedTranscript {
  readonly config: RoundConfig;
  /** Bytes that it begins with, which are not fetched; whether it does is for the caller to verify. */
  readonly begun?: Uint8Array;
}

/**
 * Fetches what the coordinator publishes of a round, going on where an outage interrupted it: complete, but not looked
 * into. Rejects with {@link ClientError} `protocol` for a wrong order or checksum and for more bytes than a transcript of
 * this round can have; with what the coordinator refuses the call with; with the signal's reason.
 */
export async function downloadTranscript(
  { config, begun = new Uint8Array() }: WantedTranscript,
  uplink: Uplink,
  signal: AbortSignal,
): Promise<Uint8Array> {
  const most = mostBytes(config);
  return await downloadFile(
    {
      what: "transcript",
      allows: (totalBytes) => totalBytes > 0 && totalBytes <= most,
      wanted: `1 to ${most} as the round's configuration has it`,
      from: (connection, offset, either) =>
        connection.downloadTranscript(config.roundId, offset, either),
      begun,
    },
    uplink,
    signal,
  );
}

/** Bytes that the tag and the length of a field take at most. */
const FIELD_BYTES = 6;

/** Counts that take as many bytes as any. */
const LARGEST_COUNTS = {
  trainingExamples: Number.MAX_SAFE_INTEGER,
  evaluationExamples: Number.MAX_SAFE_INTEGER,
  evaluationCorrect: Number.MAX_SAFE_INTEGER,
  evaluationLossMillis: Number.MAX_SAFE_INTEGER,
};

/** Bytes of a transcript in which the whole cohort advertised, survived and signed: all its fields have known lengths. */
function mostBytes(config: RoundConfig): number {
  const participantId = "0".repeat(32);
  const [none, hash, signature] = [new Uint8Array(), new Uint8Array(32), new Uint8Array(64)];
  const member = RoundTranscript.encode({
    roundConfig: "",
    keyBook: [
      {
        participantId,
        encryptionKey: hash,
        maskKey: hash,
        selfMaskCommitment: hash,
        graphNonce: hash,
        signature,
        keyCommitment: isEncrypted(config) ? hash : none,
      },
    ],
    survivors: [
      {
        upload: { participantId, uploadRoot: hash, commitmentHash: hash, signature },
        vectorCommitment: new Uint8Array(COMMITMENT_BYTES),
      },
    ],
    acks: [{ participantId, signature }],
    sum: none,
    randomness: none,
    encryptedSum: none,
    reports: isEncrypted(config)
      ? [{ participantId, modelHash: hash, stateHash: hash, counts: LARGEST_COUNTS, signature }]
      : [],
  }).finish();
  const configBytes = Buffer.byteLength(serialiseRoundConfig(config));
  return config.cohort.length * member.length + configBytes + sumBytes(config) + 3 * FIELD_BYTES;
}

function sumBytes(config: RoundConfig): number {
  if (isEncrypted(config)) return encryptedSumBytes(config);
  return 4 * (contentLength(config.dimension) + RANDOMNESS_WORDS);
}
