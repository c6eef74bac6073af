import { requireAmong, requireDistinct, requireEnough } from "./checks.ts";
import { MaskingError } from "./error.ts";
import type { HeldShares } from "./held-shares.ts";
import type { ParticipantId, UploadCommitment } from "./messages.ts";
import { RevealingStage } from "./participant-revealing.ts";
import type { Seat } from "./participant-seat.ts";
import { SingleUseSecret } from "./single-use.ts";
import { checkCommitment, isSameCommitment } from "./survivors.ts";

/** A participant's fourth stage: its masked update is committed, who survived is not known yet. */
export class ConfirmingStage implements Disposable {
  readonly commitment: UploadCommitment;
  readonly #seat: Seat;
  readonly #sharers: ReadonlySet<ParticipantId>;
  readonly #held: SingleUseSecret<HeldShares>;

  constructor(
    seat: Seat,
    sharers: ReadonlySet<ParticipantId>,
    commitment: UploadCommitment,
    held: HeldShares,
  ) {
    this.commitment = commitment;
    this.#seat = seat;
    this.#sharers = sharers;
    this.#held = new SingleUseSecret(held);
  }

  /**
   * Signs the survivor set, the only one that this participant will ever sign. Throws {@link MaskingError} and changes
   * nothing unless it has at least max(threshold, minSurvivors) distinct sharers with signed commitments, this
   * participant's as it was sent among them.
   */
  confirm(survivors: readonly UploadCommitment[]): RevealingStage {
    this.#held.get();
    this.#check(survivors);
    return new RevealingStage(this.#seat, this.#sharers, survivors, this.#held.take());
  }

  /** Wipes the shares, unless a next stage has them. */
  [Symbol.dispose](): void {
    this.#held[Symbol.dispose]();
  }

  #check(survivors: readonly UploadCommitment[]): void {
    const { context, identity } = this.#seat;
    const ids = requireDistinct(survivors.map(({ participantId }) => participantId));
    requireAmong(ids, this.#sharers, "sharers");
    const { threshold, minSurvivors } = context.config;
    requireEnough(ids.size, Math.max(threshold, minSurvivors), "survivors");
    const own = survivors.find(({ participantId }) => participantId === identity.participantId);
    if (own === undefined) {
      throw new MaskingError("own-message-missing", "the survivors lack this participant");
    }
    for (const survivor of survivors) checkCommitment(context, survivor);
    if (!isSameCommitment(own, this.commitment)) {
      const message = "the survivors have another commitment of this participant";
      throw new MaskingError("own-message-altered", message);
    }
  }
}
