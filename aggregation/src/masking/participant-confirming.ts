import { requireAmong, requireDistinct, requireEnough } from "./checks.ts";
import { MaskingError } from "./error.ts";
import type { HeldShares } from "./held-shares.ts";
import type { CommittedUpload, ParticipantId, UploadCommitment } from "./messages.ts";
import { RevealingStage } from "./participant-revealing.ts";
import { holdersAmong, type Seat } from "./participant-seat.ts";
import { SingleUseSecret } from "./single-use.ts";
import { checkUpload, isSameUpload } from "./survivors.ts";

/** A participant's fourth stage: its masked update is signed, who survived is not known yet. */
export class ConfirmingStage implements Disposable {
  readonly upload: UploadCommitment;
  /** To the vector before it was masked, `COMMITMENT_BYTES`. */
  readonly commitment: Uint8Array;
  readonly #seat: Seat;
  readonly #sharers: ReadonlySet<ParticipantId>;
  readonly #held: SingleUseSecret<HeldShares>;

  constructor(
    seat: Seat,
    sharers: ReadonlySet<ParticipantId>,
    { upload, commitment }: CommittedUpload,
    held: HeldShares,
  ) {
    this.upload = upload;
    this.commitment = commitment;
    this.#seat = seat;
    this.#sharers = sharers;
    this.#held = new SingleUseSecret(held);
  }

  /**
   * Signs the survivor set, the only one that this participant will ever sign. Throws {@link MaskingError} and changes
   * nothing unless it has at least `minSurvivors` distinct sharers with signed uploads, this participant's as it was sent
   * among them, and at least `threshold` of them in this participant's neighbourhood.
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
    requireEnough(ids.size, minSurvivors, "survivors");
    const around = holdersAmong(this.#seat, ids).length;
    requireEnough(around, threshold, "survivors in this participant's neighbourhood");
    const own = survivors.find(({ participantId }) => participantId === identity.participantId);
    if (own === undefined) {
      throw new MaskingError("own-message-missing", "the survivors lack this participant");
    }
    for (const survivor of survivors) checkUpload(context, survivor);
    if (!isSameUpload(own, this.upload)) {
      const message = "the survivors have another upload of this participant";
      throw new MaskingError("own-message-altered", message);
    }
  }
}
