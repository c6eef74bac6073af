import type { Commitment } from "../commitment/commitment.ts";
import type { ClaimedSum } from "../commitment/commitment-scheme.ts";
import { MaskingError } from "../masking/error.ts";
import type { CommittedUpload } from "../masking/messages.ts";
import { readCommitment } from "../masking/vector-commitment.ts";
import type { RoundTranscript } from "./transcript.ts";

/** What says whether a sum is that of what commitments are to: `CommitmentScheme`. */
export interface SumVerifier {
  verifySum(claimed: ClaimedSum, commitments: Iterable<Commitment>): boolean;
}

/**
 * Throws {@link MaskingError} unless the survivors' commitments, which must be those that they signed
 * (`wrong-commitment`), open to the transcript's sum (`unopened-sum`). A sum that does not open shows that the coordinator
 * published another than it unmasked, or that a survivor committed to another vector than it masked; not which.
 */
export function requireOpenedSum(
  { survivors, sum, randomness }: RoundTranscript,
  verifier: SumVerifier,
): void {
  if (!verifier.verifySum({ words: sum, randomness }, commitmentsOf(survivors))) {
    const message = `the commitments of ${survivors.length} survivors do not open to their sum`;
    throw new MaskingError("unopened-sum", message);
  }
}

/** One at a time, so that no second copy of all of them is made. */
function* commitmentsOf(survivors: readonly CommittedUpload[]): Generator<Commitment> {
  for (const survivor of survivors) yield readCommitment(survivor);
}
