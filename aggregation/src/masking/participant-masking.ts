import type { Commitment } from "../commitment/commitment.ts";
import type { Words } from "../commitment/commitment-scheme.ts";
import { drawCommitmentRandomness } from "../commitment/randomness.ts";
import type { OpenKernels } from "../kernels/kernels.ts";
import { openFastKernels } from "../kernels/open-kernels.ts";
import { uploadRoot } from "../merkle.ts";
import type { RandomSource } from "../random.ts";
import { bytesOfWords } from "../vector.ts";
import { requireEncrypted, requireMasked } from "./config.ts";
import { encodeEncrypted } from "./encrypted-update.ts";
import { heParametersOf } from "./encryption.ts";
import { MaskingError } from "./error.ts";
import type { HeldShares } from "./held-shares.ts";
import type { ParticipantId } from "./messages.ts";
import { ConfirmingStage } from "./participant-confirming.ts";
import { EncryptedStage, type EncryptionJob } from "./participant-encrypting.ts";
import type { Seat } from "./participant-seat.ts";
import type { Update } from "./quantiser.ts";
import { SingleUseSecret } from "./single-use.ts";
import { signUpload } from "./survivors.ts";
import type { UpdateSecrets } from "./update-secrets.ts";
import { contentOf, randomnessOf, vectorLength } from "./update-vector.ts";

/** What commits to vectors: `CommitmentScheme`. */
export interface VectorCommitter {
  commit(words: Words, randomness: Words): Commitment;
}

/** What hiding an update takes. */
export interface MaskingTools {
  readonly committer: VectorCommitter;
  /** For the commitment's randomness, and in an encrypted round for rounding: must be secret. */
  readonly random: RandomSource;
}

/** What is to be encrypted, and the stage that signs what becomes of it. */
export interface Encoded {
  readonly job: EncryptionJob;
  readonly stage: EncryptedStage;
}

/** A participant's third stage: masks are agreed, its update is not masked yet. */
export class MaskingStage implements Disposable {
  readonly #seat: Seat;
  readonly #sharers: ReadonlySet<ParticipantId>;
  readonly #secrets: SingleUseSecret<UpdateSecrets>;
  readonly #held: SingleUseSecret<HeldShares>;

  constructor(
    seat: Seat,
    sharers: ReadonlySet<ParticipantId>,
    secrets: UpdateSecrets,
    held: HeldShares,
  ) {
    this.#seat = seat;
    this.#sharers = sharers;
    this.#secrets = new SingleUseSecret(secrets, seat.context.guard);
    this.#held = new SingleUseSecret(held, seat.context.guard);
  }

  /**
   * Commits to an encoded update, masks it in place and signs both, once: the difference of two vectors under the same
   * masks would be bare. The masks are wiped. `vector`: shape `[vectorLength(dimension)]`; its last words, whatever they
   * are, become the commitment's randomness. Throws {@link MaskingError} `wrong-dimension`, `stage-used`, `wrong-protection`
   * in an encrypted round.
   */
  mask(
    vector: Uint32Array,
    tools: MaskingTools,
    openKernels: OpenKernels = openFastKernels,
  ): ConfirmingStage {
    const { context, identity } = this.#seat;
    const { dimension } = requireMasked(context.config);
    const wanted = vectorLength(dimension);
    if (vector.length !== wanted) {
      const message = `vector has ${vector.length} words, wanted ${wanted}`;
      throw new MaskingError("wrong-dimension", message);
    }
    this.#secrets.get();
    const commitment = commitTo(vector, tools);
    this.#secrets.spend(({ masks }) => masks.applyTo(vector, 0, openKernels));
    const roots = { uploadRoot: uploadRoot(bytesOfWords(vector)), commitment };
    const upload = signUpload(identity, context, roots);
    return new ConfirmingStage(this.#seat, this.#sharers, upload, this.#held.take());
  }

  /**
   * Encodes an update of an encrypted round and commits to it, once, as {@link mask} does: what is left to do with it is the
   * job. Masks and key are wiped here. Throws {@link MaskingError} `wrong-protection` in a round that is not encrypted,
   * `stage-used`; and as `encodeHeUpdate`.
   */
  encode(update: Update, tools: MaskingTools, openKernels: OpenKernels = openFastKernels): Encoded {
    const config = requireEncrypted(this.#seat.context.config);
    this.#secrets.get();
    const { values, commitment } = encodeEncrypted(update, config, tools, openKernels);
    const secrets = this.#secrets.spend((spent) => ({
      masks: spent.masks.seeds(),
      keySeed: spent.copyKeySeed(),
    }));
    const job = { parameters: heParametersOf(config), values, ...secrets };
    const held = this.#held.take();
    return { job, stage: new EncryptedStage(this.#seat, this.#sharers, commitment, held) };
  }

  /** Wipes masks and shares, unless a next stage has them. */
  [Symbol.dispose](): void {
    this.#secrets[Symbol.dispose]();
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
