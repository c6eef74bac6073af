import { RANDOMNESS_WORDS } from "../commitment/randomness.ts";
import { MaskingError } from "../masking/error.ts";
import { type Guard, strictGuard } from "../masking/guard.ts";
import type { Hash, SurvivorAck } from "../masking/messages.ts";
import { type DecodedSum, decodeSum } from "../masking/quantiser.ts";
import { updatesRootOf } from "../masking/survivors.ts";
import { contentLength } from "../masking/update-vector.ts";
import { verifiedExchange } from "./signed-round.ts";
import type { MaskedTranscript } from "./transcript.ts";
import { requireOpenedSum, type SumVerifier } from "./verify-sum.ts";

/** Who looks at a transcript, and what with. */
export interface TranscriptReader {
  readonly verifier: SumVerifier;
  /** What the reader signed in this round, where it was one of the survivors. */
  readonly ownAck?: SurvivorAck;
}

/** A round's sum that its survivors' signatures and commitments prove. */
export interface VerifiedSum extends DecodedSum {
  /** Merkle root over the survivors' signed uploads, to be compared with the ledger's. */
  readonly updatesRoot: Hash;
}

/**
 * Verifies a round from its configuration to its sum, with nothing but the transcript: every signature, every opened nonce
 * of the graph, that the survivors were enough and that enough of them signed this set, and that their commitments open to
 * the sum. Whether the configuration is the round's that is meant, and the identities are those of real organisations, is
 * for the caller to say.
 *
 * Throws {@link MaskingError}: what the participants' own checks throw; `own-message-altered` when the reader signed
 * another survivor set, or another key book, than the transcript has; `wrong-commitment`, `unopened-sum`; and what
 * `decodeSum` throws.
 */
export function verifyTranscript(
  transcript: MaskedTranscript,
  { verifier, ownAck }: TranscriptReader,
  guard: Guard = strictGuard,
): VerifiedSum {
  const { config, sum } = transcript;
  verifiedExchange(transcript, ownAck, guard);
  checkLengths(transcript);
  requireOpenedSum(transcript, verifier, guard);
  const uploads = transcript.survivors.map(({ upload }) => upload);
  const decoded = decodeSum(sum, uploads.length, config);
  return { ...decoded, updatesRoot: updatesRootOf(uploads) };
}

function checkLengths({ config, sum, randomness }: MaskedTranscript): void {
  const wanted = contentLength(config.dimension);
  if (sum.length === wanted && randomness.length === RANDOMNESS_WORDS) return;
  const got = `sum and randomness have ${sum.length} and ${randomness.length} words`;
  throw new MaskingError("wrong-dimension", `${got}, wanted ${wanted} and ${RANDOMNESS_WORDS}`);
}
