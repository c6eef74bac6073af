import type { Commitment } from "../commitment/commitment.ts";
import type { Words } from "../commitment/commitment-scheme.ts";
import { drawCommitmentRandomness } from "../commitment/randomness.ts";
import type { OpenKernels } from "../kernels/kernels.ts";
import { openFastKernels } from "../kernels/open-kernels.ts";
import { uploadRoot } from "../merkle.ts";
import type { RandomSource } from "../random.ts";
import { bytesOfWords } from "../vector.ts";
import { MaskingError } from "./error.ts";
import type { HeldShares } from "./held-shares.ts";
import type { MaskSet } from "./mask-set.ts";
import type { ParticipantId } from "./messages.ts";
import { ConfirmingStage } from "./participant-confirming.ts";
import type { Seat } from "./participant-seat.ts";
import { SingleUseSecret } from "./single-use.ts";
import { signUpload } from "./survivors.ts";
import { contentOf, randomnessOf, vectorLength } from "./update-vector.ts";

/** What commits to vectors: `CommitmentScheme`. */
export interface VectorCommitter {
  commit(words: Words, randomness: Words): Commitment;
}

/** What masking a vector takes. */
export interface MaskingTools {
  readonly committer: VectorCommitter;
  /** For the commitment's randomness: must be secret. */
  readonly random: RandomSource;
}

/** A participant's third stage: masks are agreed, its update is not masked yet. */
export class MaskingStage implements Disposable {
  readonly #seat: Seat;
  readonly #sharers: ReadonlySet<ParticipantId>;
  readonly #masks: SingleUseSecret<MaskSet>;
  readonly #held: SingleUseSecret<HeldShares>;

  constructor(seat: Seat, sharers: ReadonlySet<ParticipantId>, masks: MaskSet, held: HeldShares) {
    this.#seat = seat;
    this.#sharers = sharers;
    this.#masks = new SingleUseSecret(masks, seat.context.guard);
    this.#held = new SingleUseSecret(held, seat.context.guard);
  }

  /**
   * Commits to an encoded update, masks it in place and signs both, once: the difference of two vectors under the same
   * masks would be bare. The masks are wiped. `vector`: shape `[vectorLength(dimension)]`; its last words, whatever they
   * are, become the commitment's randomness. Throws {@link MaskingError} `wrong-dimension`, `stage-used`.
   */
  mask(
    vector: Uint32Array,
    tools: MaskingTools,
    openKernels: OpenKernels = openFastKernels,
  ): ConfirmingStage {
    const { context, identity } = this.#seat;
    const { dimension } = context.config;
    const wanted = vectorLength(dimension);
    if (vector.length !== wanted) {
      const message = `vector has ${vector.length} words, wanted ${wanted}`;
      throw new MaskingError("wrong-dimension", message);
    }
    this.#masks.get();
    const commitment = commitTo(vector, tools);
    this.#masks.spend((masks) => masks.applyTo(vector, 0, openKernels));
    const roots = { uploadRoot: uploadRoot(bytesOfWords(vector)), commitment };
    const upload = signUpload(identity, context, roots);
    return new ConfirmingStage(this.#seat, this.#sharers, upload, this.#held.take());
  }

  /** Wipes masks and shares, unless a next stage has them. */
  [Symbol.dispose](): void {
    this.#masks[Symbol.dispose]();
    this.#held[Symbol.dispose]();
  }
}

/** Writes fresh randomness behind a vector's content, and commits to the content under it. */
function commitTo(vector: Uint32Array, { committer, random }: MaskingTools): Uint8Array {
  const randomness = drawCommitmentRandomness(random);
  randomnessOf(vector).set(randomness);
  const commitment = committer.commit(contentOf(vector), randomness);
  randomness.fill(0);
  return commitment.toBytes();
}
