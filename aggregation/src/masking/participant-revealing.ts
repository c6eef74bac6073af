import { byId, requireAmong, requireDistinct, requireEnough } from "./checks.ts";
import type { HeldShares } from "./held-shares.ts";
import type { ParticipantId, RevealedShares, SurvivorAck, UploadCommitment } from "./messages.ts";
import { holdersAmong, type Seat } from "./participant-seat.ts";
import { SingleUseSecret } from "./single-use.ts";
import { checkAck, signAck, survivorDigest } from "./survivors.ts";

/** A participant's last stage: it signed one survivor set, who else did is not known yet. */
export class RevealingStage implements Disposable {
  readonly ack: SurvivorAck;
  readonly #seat: Seat;
  readonly #digest: Uint8Array;
  readonly #survivors: ReadonlySet<ParticipantId>;
  /** Sharers that did not survive. */
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
    this.#survivors = new Set(byId(survivors).map(({ participantId }) => participantId));
    this.#dropouts = [...sharers].filter((id) => !this.#survivors.has(id)).toSorted();
    this.#held = new SingleUseSecret(held, seat.context.guard);
    this.ack = signAck(seat.identity, seat.context, this.#digest);
  }

  /**
   * Reveals, once, shares of self masks of the survivors in this participant's neighbourhood and of mask keys of the
   * dropouts in it, and wipes all that is held. No id is in both: survivors and dropouts were fixed by one signed set.
   * Throws {@link MaskingError} and reveals nothing unless all of `acks` are distinct survivors' signatures over this very
   * set, and at least `threshold` of them from this participant's neighbourhood.
   */
  reveal(acks: readonly SurvivorAck[]): RevealedShares {
    this.#held.get();
    this.#check(acks);
    return this.#held.spend((held) => ({
      selfMaskShares: held.selfMaskShares(holdersAmong(this.#seat, this.#survivors)),
      maskKeyShares: held.maskKeyShares(holdersAmong(this.#seat, this.#dropouts)),
    }));
  }

  /** Wipes the shares. */
  [Symbol.dispose](): void {
    this.#held[Symbol.dispose]();
  }

  #check(acks: readonly SurvivorAck[]): void {
    const { context } = this.#seat;
    const { guard } = context;
    const ids = acks.map(({ participantId }) => participantId);
    requireDistinct(ids, guard);
    requireAmong(ids, this.#survivors, "survivors", guard);
    const around = holdersAmong(this.#seat, ids).length;
    const what = "acknowledgements in this participant's neighbourhood";
    requireEnough(around, context.config.threshold, what, guard);
    for (const ack of acks) checkAck(context, ack, this.#digest);
  }
}
