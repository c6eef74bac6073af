import { Commitment } from "../commitment/commitment.ts";
import { CommitmentError } from "../commitment/commitment-error.ts";
import { sha256 } from "../hash.ts";
import { MaskingError } from "./error.ts";
import { type Guard, strictGuard } from "./guard.ts";
import type { CommittedUpload } from "./messages.ts";

/** What an upload's signature covers of the commitment to its vector: SHA-256 of its bytes, 32 bytes. */
export function commitmentHashOf(commitment: Uint8Array): Uint8Array {
  return sha256(commitment);
}

/**
 * Reads the commitment that came with an upload. Throws {@link MaskingError} `wrong-commitment`, naming the participant,
 * unless it is one and has the signed hash.
 */
export function readCommitment(
  { upload, commitment }: CommittedUpload,
  guard: Guard = strictGuard,
): Commitment {
  const { participantId, commitmentHash } = upload;
  if (Buffer.compare(commitmentHashOf(commitment), commitmentHash) !== 0) {
    const message = `the commitment of ${participantId} is not the one that it signed`;
    guard.refuse(new MaskingError("wrong-commitment", message, { participantId }));
  }
  try {
    return Commitment.fromBytes(commitment);
  } catch (cause) {
    if (!(cause instanceof CommitmentError)) throw cause;
    const message = `what ${participantId} signed is no commitment: ${cause.message}`;
    throw new MaskingError("wrong-commitment", message, { participantId, cause });
  }
}
