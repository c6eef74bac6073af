import { uploadRoot } from "../merkle.ts";
import { addRing, bytesOfWords } from "../vector.ts";
import { Confirmation } from "./aggregator-confirmation.ts";
import { byId, requireAmong, requireEnough, requireFirst } from "./checks.ts";
import { MaskingError } from "./error.ts";
import type { KeyAdvertisement, ParticipantId, SealedShare, UploadCommitment } from "./messages.ts";
import type { RoundContext } from "./round-context.ts";
import { SingleUse } from "./single-use.ts";
import { checkCommitment } from "./survivors.ts";
import { vectorLength } from "./update-vector.ts";

/** The server's third stage: masked updates come in and are added up at once, in memory for one vector. */
export class Collection {
  /** Sorted. */
  readonly sharers: readonly ParticipantId[];
  readonly #context: RoundContext;
  readonly #keyBook: readonly KeyAdvertisement[];
  /** By recipient; of each, sorted by sender. */
  readonly #sealed: ReadonlyMap<ParticipantId, readonly SealedShare[]>;
  readonly #commitments = new Map<ParticipantId, UploadCommitment>();
  readonly #sum: SingleUse<Uint32Array>;

  /** `sealed`: by sender. */
  constructor(
    context: RoundContext,
    keyBook: readonly KeyAdvertisement[],
    sealed: ReadonlyMap<ParticipantId, readonly SealedShare[]>,
  ) {
    this.sharers = [...sealed.keys()].toSorted();
    this.#context = context;
    this.#keyBook = keyBook;
    const bySender = this.sharers.flatMap((from) => sealed.get(from) ?? []);
    this.#sealed = Map.groupBy(bySender, ({ to }) => to);
    this.#sum = new SingleUse(new Uint32Array(vectorLength(context.config.dimension)));
  }

  /** Who has delivered. */
  get delivered(): ReadonlySet<ParticipantId> {
    return new Set(this.#commitments.keys());
  }

  /** What the other sharers sealed for one of them. Throws {@link MaskingError} `unknown-participant`. */
  sealedSharesFor(id: ParticipantId): SealedShare[] {
    requireAmong([id], new Set(this.sharers), "sharers");
    return [...(this.#sealed.get(id) ?? [])];
  }

  /**
   * Adds one sharer's masked update to the sum. `masked`: shape `[vectorLength(dimension)]`, not kept. Throws
   * {@link MaskingError} and changes nothing unless it is the sharer's first, of the right length, under a signed
   * commitment to exactly these bytes; `stage-used` after {@link close}.
   */
  submit(commitment: UploadCommitment, masked: Uint32Array): void {
    const { participantId } = commitment;
    const sum = this.#sum.get();
    requireAmong([participantId], new Set(this.sharers), "sharers");
    requireFirst(this.#commitments, participantId, "update");
    if (masked.length !== sum.length) {
      const message = `update of ${participantId} has ${masked.length} words, wanted ${sum.length}`;
      throw new MaskingError("wrong-dimension", message, { participantId });
    }
    checkCommitment(this.#context, commitment);
    if (Buffer.compare(uploadRoot(bytesOfWords(masked)), commitment.uploadRoot) !== 0) {
      const message = `the update of ${participantId} is not what it committed to`;
      throw new MaskingError("wrong-upload-root", message, { participantId });
    }
    addRing(sum, masked);
    this.#commitments.set(participantId, commitment);
  }

  /**
   * Ends collection; updates that come later stay masked for ever. Throws {@link MaskingError} `too-few` when fewer than
   * max(threshold, minSurvivors) have delivered, `stage-used` the second time.
   */
  close(): Confirmation {
    const { threshold, minSurvivors } = this.#context.config;
    const wanted = Math.max(threshold, minSurvivors);
    requireEnough(this.#commitments.size, wanted, "masked updates");
    const survivors = byId(this.#commitments.values());
    return new Confirmation(
      { context: this.#context, keyBook: this.#keyBook, sharers: this.sharers, survivors },
      this.#sum.take(),
    );
  }
}
