import { requireAmong, requireDistinct, requireEnough } from "./checks.ts";
import { MaskingError } from "./error.ts";
import type { HeldShares } from "./held-shares.ts";
import type { CommittedUpload, ParticipantId, UploadCommitment } from "./messages.ts";
import { RevealingStage } from "./participant-revealing.ts";
import { holdersAmong, type Seat } from "./participant-seat.ts";
import { SingleUseSecret } from "./single-use.ts";
import { checkUpload, checkUploadLengths, isSameUpload } from "./survivors.ts";

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
    this.#held = new SingleUseSecret(held, seat.context.guard);
  }

  /**
   * Signs the survivor set, the only one that this participant will ever sign. Throws {@link MaskingError} and changes
   * nothing unless it has at least `minSurvivors` distinct sharers, this participant's upload as it was sent among them,
   * and in this participant's neighbourhood at least `threshold`, each with a signed upload.
   *
   * Signatures from elsewhere are not checked here; everybody does in a complete graph, and whoever verifies the round's
   * transcript. Suppose that the server lists a sharer who uploaded nothing. That one's neighbours find no signature, sign
   * nothing and reveal nothing. All others reveal what they would have revealed if it had uploaded and its neighbours had
   * fallen silent; the server has seen all of that round but the upload. So it opens no sum that it would not have opened
   * there, where at least `minSurvivors` did upload; and whoever sides with the server would have signed anything.
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
    const { guard } = context;
    const ids = survivors.map(({ participantId }) => participantId);
    requireDistinct(ids, guard);
    requireAmong(ids, this.#sharers, "sharers", guard);
    const { threshold, minSurvivors } = context.config;
    requireEnough(ids.length, minSurvivors, "survivors", guard);
    const around = new Set(holdersAmong(this.#seat, ids));
    requireEnough(around.size, threshold, "survivors in this participant's neighbourhood", guard);
    const own = survivors.find(({ participantId }) => participantId === identity.participantId);
    if (own === undefined) {
      const message = "the survivors lack this participant";
      guard.refuse(new MaskingError("own-message-missing", message));
    }
    for (const survivor of survivors) {
      const check = around.has(survivor.participantId) ? checkUpload : checkUploadLengths;
      check(context, survivor);
    }
    if (own !== undefined && !isSameUpload(own, this.upload)) {
      const message = "the survivors have another upload of this participant";
      guard.refuse(new MaskingError("own-message-altered", message));
    }
  }
}
