import type { OpenKernels } from "../kernels/kernels.ts";
import { openFastKernels } from "../kernels/open-kernels.ts";
import { requireLength } from "./checks.ts";
import { MaskingError } from "./error.ts";
import type { HeldShares } from "./held-shares.ts";
import type { MaskSet } from "./mask-set.ts";
import type { ParticipantId } from "./messages.ts";
import { ConfirmingStage } from "./participant-confirming.ts";
import type { Seat } from "./participant-seat.ts";
import { SingleUseSecret } from "./single-use.ts";
import { signUpload } from "./survivors.ts";
import { vectorLength } from "./update-vector.ts";

/** A participant's third stage: masks are agreed, its update is not masked yet. */
export class MaskingStage implements Disposable {
  readonly #seat: Seat;
  readonly #sharers: ReadonlySet<ParticipantId>;
  readonly #masks: SingleUseSecret<MaskSet>;
  readonly #held: SingleUseSecret<HeldShares>;

  constructor(seat: Seat, sharers: ReadonlySet<ParticipantId>, masks: MaskSet, held: HeldShares) {
    this.#seat = seat;
    this.#sharers = sharers;
    this.#masks = new SingleUseSecret(masks);
    this.#held = new SingleUseSecret(held);
  }

  /**
   * Masks an encoded update in place, once: the difference of two vectors under the same masks would be bare. The masks
   * are wiped. Shape `[vectorLength(dimension)]`. Throws {@link MaskingError} `wrong-dimension`, `stage-used`.
   */
  mask(vector: Uint32Array, openKernels: OpenKernels = openFastKernels): void {
    const wanted = vectorLength(this.#seat.context.config.dimension);
    if (vector.length !== wanted) {
      const message = `vector has ${vector.length} words, wanted ${wanted}`;
      throw new MaskingError("wrong-dimension", message);
    }
    using masks = this.#masks.take();
    masks.applyTo(vector, 0, openKernels);
  }

  /**
   * Signs the root of the masked vector's bytes (`uploadRoot`, 32 bytes). Throws {@link MaskingError} `not-masked` before
   * {@link mask}, `wrong-length`, `stage-used`.
   */
  commit(uploadRoot: Uint8Array): ConfirmingStage {
    const { context, identity } = this.#seat;
    this.#held.get();
    if (this.#masks.isHeld) {
      throw new MaskingError("not-masked", "nothing was masked that could be committed to");
    }
    requireLength(uploadRoot, 32, "upload root", identity.participantId);
    const commitment = signUpload(identity, context, uploadRoot.slice());
    return new ConfirmingStage(this.#seat, this.#sharers, commitment, this.#held.take());
  }

  /** Wipes masks and shares, unless a next stage has them. */
  [Symbol.dispose](): void {
    this.#masks[Symbol.dispose]();
    this.#held[Symbol.dispose]();
  }
}
