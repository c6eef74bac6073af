import {
  COMMITMENT_BYTES,
  type EncryptedTranscript,
  encryptedSumBytes,
  participantIdOf,
} from "@chorus/aggregation";
import { encryptedConfigFor } from "./encrypted-round.ts";

/**
 * The transcript of an encrypted round in which the whole cohort survived, signed and reported: its fields have the lengths
 * that they should have, and nothing else about it is right.
 */
export function formedTranscript(cohort: number): EncryptedTranscript {
  const [hash, signature] = [new Uint8Array(32).fill(1), new Uint8Array(64).fill(2)];
  const keys = Array.from({ length: cohort }, (_, i) => new Uint8Array(32).fill(i + 1));
  const config = encryptedConfigFor(
    keys.map((identityKey) => ({ identityKey, graphNonceCommitment: hash })),
  );
  const ids = keys.map((key) => participantIdOf(key)).toSorted();
  const most = Number.MAX_SAFE_INTEGER;
  return {
    config,
    keyBook: ids.map((participantId) => ({
      ...{ participantId, encryptionKey: hash, maskKey: hash, selfMaskCommitment: hash },
      ...{ graphNonce: hash, keyCommitment: hash, signature },
    })),
    survivors: ids.map((participantId) => ({
      upload: { participantId, uploadRoot: hash, commitmentHash: hash, signature },
      commitment: new Uint8Array(COMMITMENT_BYTES).fill(3),
    })),
    acks: ids.map((participantId) => ({ participantId, signature })),
    encryptedSum: new Uint8Array(encryptedSumBytes(config)).fill(4),
    reports: ids.map((participantId) => ({
      ...{ participantId, modelHash: "0a".repeat(32), stateHash: "0b".repeat(32), signature },
      counts: {
        ...{ trainingExamples: most, evaluationExamples: most },
        ...{ evaluationCorrect: most, evaluationLossMillis: most },
      },
    })),
  };
}
