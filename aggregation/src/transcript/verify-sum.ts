import type { Commitment } from "../commitment/commitment.ts";
import type { ClaimedSum, Words } from "../commitment/commitment-scheme.ts";
import { MaskingError } from "../masking/error.ts";
import { type Guard, strictGuard } from "../masking/guard.ts";
import type { CommittedUpload } from "../masking/messages.ts";
import { readCommitment } from "../masking/vector-commitment.ts";
import type { SignedRound } from "./transcript.ts";

/** A round's survivors, and the sum of what they committed to. */
export type CommittedSum = Pick<SignedRound, "survivors"> & {
  readonly sum: Words;
  /** The sum of their commitments' randomness in Z_2^32. Shape `[RANDOMNESS_WORDS]`. */
  readonly randomness: Words;
};

/** What says whether a sum is that of what commitments are to: `CommitmentScheme`. */
export interface SumVerifier {
  verifySum(claimed: ClaimedSum, commitments: Iterable<Commitment>): boolean;
}

/**
 * Throws {@link MaskingError} unless the survivors' commitments, which must be those that they signed
 * (`wrong-commitment`), open to the sum (`unopened-sum`). A sum that does not open shows that the coordinator
 * published another than it unmasked, or that a survivor committed to another vector than it masked; not which.
 */
export function requireOpenedSum(
  { survivors, sum, randomness }: CommittedSum,
  verifier: SumVerifier,
  guard: Guard = strictGuard,
): void {
  if (!verifier.verifySum({ words: sum, randomness }, commitmentsOf(survivors, guard))) {
    const message = `the commitments of ${survivors.length} survivors do not open to their sum`;
    guard.refuse(new MaskingError("unopened-sum", message));
  }
}

/** One at a time, so that no second copy of all of them is made. */
function* commitmentsOf(
  survivors: readonly CommittedUpload[],
  guard: Guard,
): Generator<Commitment> {
  for (const survivor of survivors) yield readCommitment(survivor, guard);
}
