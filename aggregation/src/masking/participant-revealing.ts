import { byId, requireAmong, requireDistinct, requireEnough } from "./checks.ts";
import type { HeldShares } from "./held-shares.ts";
import type { ParticipantId, RevealedShares, SurvivorAck, UploadCommitment } from "./messages.ts";
import type { Seat } from "./participant-seat.ts";
import { SingleUseSecret } from "./single-use.ts";
import { checkAck, signAck, survivorDigest } from "./survivors.ts";

/** A participant's last stage: it signed one survivor set, who else did is not known yet. */
export class RevealingStage implements Disposable {
  readonly ack: SurvivorAck;
  readonly #seat: Seat;
  readonly #digest: Uint8Array;
  /** Sorted, as is #dropouts; no id is in both. */
  readonly #survivors: readonly ParticipantId[];
  readonly #dropouts: readonly ParticipantId[];
  readonly #held: SingleUseSecret<HeldShares>;

  /** `survivors` were checked, and are some of `sharers`. */
  constructor(
    seat: Seat,
    sharers: ReadonlySet<ParticipantId>,
    survivors: readonly UploadCommitment[],
    held: HeldShares,
  ) {
    this.#seat = seat;
    this.#digest = survivorDigest(seat.context, survivors);
    this.#survivors = byId(survivors).map(({ participantId }) => participantId);
    this.#dropouts = [...sharers].filter((id) => !this.#survivors.includes(id)).toSorted();
    this.#held = new SingleUseSecret(held);
    this.ack = signAck(seat.identity, seat.context, this.#digest);
  }

  /**
   * Reveals, once, shares of survivors' self masks and of dropouts' mask keys, and wipes all that is held. Throws
   * {@link MaskingError} and reveals nothing unless at least `threshold` distinct survivors signed this very set.
   */
  reveal(acks: readonly SurvivorAck[]): RevealedShares {
    const { context } = this.#seat;
    this.#held.get();
    const ids = requireDistinct(acks.map(({ participantId }) => participantId));
    requireAmong(ids, new Set(this.#survivors), "survivors");
    requireEnough(ids.size, context.config.threshold, "acknowledgements");
    for (const ack of acks) checkAck(context, ack, this.#digest);
    using held = this.#held.take();
    return {
      selfMaskShares: held.selfMaskShares(this.#survivors),
      maskKeyShares: held.maskKeyShares(this.#dropouts),
    };
  }

  /** Wipes the shares. */
  [Symbol.dispose](): void {
    this.#held[Symbol.dispose]();
  }
}
