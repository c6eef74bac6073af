import { encodedLength, heEncodingOf } from "../he/he-encoding.ts";
import { decodeHeSum } from "../he/he-quantiser.ts";
import { readRandomness } from "../he/randomness-limbs.ts";
import { valueCountOf } from "../masking/encryption.ts";
import { MaskingError } from "../masking/error.ts";
import { type Guard, strictGuard } from "../masking/guard.ts";
import { updatesRootOf } from "../masking/survivors.ts";
import { verifiedExchange } from "./signed-round.ts";
import type { EncryptedTranscript } from "./transcript.ts";
import { requireOpenedSum } from "./verify-sum.ts";
import type { TranscriptReader, VerifiedSum } from "./verify-transcript.ts";

/**
 * Verifies an encrypted round as its participants do, who have its sum: as `verifyTranscript` does. `sums`: what the
 * transcript's encrypted sum is under the round's key, shape `[valueCountOf(config)]`. That it is what the coordinator made of
 * the survivors' ciphertexts shows in their commitments, to which no other sum opens. Throws `MaskingError` as
 * `verifyTranscript`, and `HeError` as `readRandomness` and `decodeHeSum`.
 */
export function verifyOpenedSum(
  transcript: EncryptedTranscript,
  sums: Uint32Array,
  { verifier, ownAck }: TranscriptReader,
  guard: Guard = strictGuard,
): VerifiedSum {
  const { config, survivors } = transcript;
  verifiedExchange(transcript, ownAck, guard);
  const wanted = valueCountOf(config);
  if (sums.length !== wanted) {
    const message = `sum has ${sums.length} values, wanted ${wanted}`;
    throw new MaskingError("wrong-dimension", message);
  }
  const encoding = heEncodingOf(config);
  const length = encodedLength(encoding);
  const sum = sums.subarray(0, length);
  const randomness = readRandomness(encoding.parameters, sums.subarray(length), survivors.length);
  requireOpenedSum({ survivors, sum, randomness }, verifier, guard);
  const uploads = survivors.map(({ upload }) => upload);
  return { ...decodeHeSum(sum, survivors.length, encoding), updatesRoot: updatesRootOf(uploads) };
}
