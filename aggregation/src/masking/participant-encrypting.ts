import type { HeParameters } from "../he/parameters.ts";
import { uploadRoot } from "../merkle.ts";
import { requireEncrypted } from "./config.ts";
import { ciphertextBytes } from "./encryption.ts";
import { MaskingError } from "./error.ts";
import type { HeldShares } from "./held-shares.ts";
import type { MaskSeeds } from "./mask-set.ts";
import type { ParticipantId } from "./messages.ts";
import { ConfirmingStage } from "./participant-confirming.ts";
import type { Seat } from "./participant-seat.ts";
import { SingleUseSecret } from "./single-use.ts";
import { signUpload } from "./survivors.ts";

/**
 * What is masked and encrypted, and with what: for `ParticipantCipher`, on another thread perhaps. Plain data, secret:
 * whoever holds it wipes it.
 */
export interface EncryptionJob {
  readonly parameters: HeParameters;
  /** Shape `[valueCountOf(config)]`. */
  readonly values: Uint16Array<ArrayBuffer>;
  readonly masks: MaskSeeds;
  /** What the round's key grows from, 32 bytes: opens the round's sum, too. */
  readonly keySeed: Uint8Array<ArrayBuffer>;
}

/** A participant's third stage in an encrypted round, once its update is committed to: it is being encrypted. */
export class EncryptedStage implements Disposable {
  readonly #seat: Seat;
  readonly #sharers: ReadonlySet<ParticipantId>;
  readonly #commitment: Uint8Array;
  readonly #held: SingleUseSecret<HeldShares>;

  /** `commitment`: to the update, `COMMITMENT_BYTES`. */
  constructor(
    seat: Seat,
    sharers: ReadonlySet<ParticipantId>,
    commitment: Uint8Array,
    held: HeldShares,
  ) {
    this.#seat = seat;
    this.#sharers = sharers;
    this.#commitment = commitment;
    this.#held = new SingleUseSecret(held, seat.context.guard);
  }

  /**
   * Signs the job's ciphertexts and the commitment, once. `ciphertexts`: `ciphertextBytes`, chunk after chunk. Throws
   * {@link MaskingError} `wrong-length`, `stage-used`.
   */
  sign(ciphertexts: Uint8Array): ConfirmingStage {
    const { context, identity } = this.#seat;
    const wanted = ciphertextBytes(requireEncrypted(context.config));
    if (ciphertexts.length !== wanted) {
      const message = `ciphertexts have ${ciphertexts.length} bytes, wanted ${wanted}`;
      throw new MaskingError("wrong-length", message);
    }
    this.#held.get();
    const roots = { uploadRoot: uploadRoot(ciphertexts), commitment: this.#commitment };
    const upload = signUpload(identity, context, roots);
    return new ConfirmingStage(this.#seat, this.#sharers, upload, this.#held.take());
  }

  /** Wipes the shares, unless a next stage has them. */
  [Symbol.dispose](): void {
    this.#held[Symbol.dispose]();
  }
}
