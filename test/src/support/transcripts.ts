import {
  type EncryptedTranscript,
  isEncryptedTranscript,
  type MaskedTranscript,
} from "@chorus/aggregation";
import { readTranscript } from "@chorus/client";

/** The transcript of a masked round. Throws for one of an encrypted round. */
export function readMaskedTranscript(bytes: Uint8Array): MaskedTranscript {
  const transcript = readTranscript(bytes);
  if (isEncryptedTranscript(transcript)) throw new Error("the round is encrypted");
  return transcript;
}

/** The transcript of an encrypted round. Throws for one of a masked round. */
export function readEncryptedTranscript(bytes: Uint8Array): EncryptedTranscript {
  const transcript = readTranscript(bytes);
  if (!isEncryptedTranscript(transcript)) throw new Error("the round is masked");
  return transcript;
}
