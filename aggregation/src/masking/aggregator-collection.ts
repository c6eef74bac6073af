import { uploadRoot } from "../merkle.ts";
import { addRing, bytesOfWords } from "../vector.ts";
import { Confirmation } from "./aggregator-confirmation.ts";
import { refuseShortage, requireAmong, requireFirst } from "./checks.ts";
import { MaskingError } from "./error.ts";
import type { ExchangeContext } from "./exchange-context.ts";
import { shortageOfSurvivors } from "./holders.ts";
import type { CommittedUpload, ParticipantId, SealedShare } from "./messages.ts";
import { SingleUse } from "./single-use.ts";
import { checkUpload } from "./survivors.ts";
import { vectorLength } from "./update-vector.ts";
import { readCommitment } from "./vector-commitment.ts";

/**
 * The server's third stage: masked updates come in and are added up at once, in memory for one vector and, of each
 * participant, for the commitment to its vector (16 KiB).
 */
export class Collection {
  /** Sorted. */
  readonly sharers: readonly ParticipantId[];
  readonly #context: ExchangeContext;
  /** By recipient; of each, sorted by sender. */
  readonly #sealed: ReadonlyMap<ParticipantId, readonly SealedShare[]>;
  readonly #deliveries = new Map<ParticipantId, CommittedUpload>();
  readonly #sum: SingleUse<Uint32Array>;

  /** `sealed`: by sender. */
  constructor(
    context: ExchangeContext,
    sealed: ReadonlyMap<ParticipantId, readonly SealedShare[]>,
  ) {
    this.sharers = [...sealed.keys()].toSorted();
    this.#context = context;
    const bySender = this.sharers.flatMap((from) => sealed.get(from) ?? []);
    this.#sealed = Map.groupBy(bySender, ({ to }) => to);
    const sum = new Uint32Array(vectorLength(context.config.dimension));
    this.#sum = new SingleUse(sum, context.guard);
  }

  /** Who has delivered. */
  get delivered(): ReadonlySet<ParticipantId> {
    return new Set(this.#deliveries.keys());
  }

  /** What the other sharers sealed for one of them. Throws {@link MaskingError} `unknown-participant`. */
  sealedSharesFor(id: ParticipantId): SealedShare[] {
    requireAmong([id], new Set(this.sharers), "sharers", this.#context.guard);
    return [...(this.#sealed.get(id) ?? [])];
  }

  /**
   * Adds one sharer's masked update to the sum. `masked`: shape `[vectorLength(dimension)]`, not kept. Throws
   * {@link MaskingError} and changes nothing unless it is the sharer's first, of the right length, and exactly these bytes
   * and this commitment are signed; `stage-used` after {@link close}. Whether the commitment is to this vector shows in the
   * sum alone.
   */
  submit(committed: CommittedUpload, masked: Uint32Array): void {
    const { upload } = committed;
    const { participantId } = upload;
    const { guard } = this.#context;
    const sum = this.#sum.get();
    requireAmong([participantId], new Set(this.sharers), "sharers", guard);
    requireFirst(this.#deliveries, participantId, "update", guard);
    if (masked.length !== sum.length) {
      const message = `update of ${participantId} has ${masked.length} words, wanted ${sum.length}`;
      throw new MaskingError("wrong-dimension", message, { participantId });
    }
    checkUpload(this.#context, upload);
    readCommitment(committed, guard);
    if (Buffer.compare(uploadRoot(bytesOfWords(masked)), upload.uploadRoot) !== 0) {
      const message = `the update of ${participantId} is not what it signed`;
      guard.refuse(new MaskingError("wrong-upload-root", message, { participantId }));
    }
    addRing(sum, masked);
    this.#deliveries.set(participantId, committed);
  }

  /** Why the round could not go on if exactly these had delivered: what {@link close} throws. undefined when it could. */
  shortage(delivered: ReadonlySet<ParticipantId>): MaskingError | undefined {
    return shortageOfSurvivors(this.#context, this.sharers, delivered, "survivors");
  }

  /**
   * Ends collection; updates that come later stay masked for ever. Throws {@link MaskingError} `too-few` when fewer than
   * `minSurvivors` have delivered or, naming whose secret could not be rebuilt, fewer than `threshold` around somebody;
   * `stage-used` the second time.
   */
  close(): Confirmation {
    this.#sum.get();
    refuseShortage(this.shortage(this.delivered), this.#context.guard);
    const survivors = this.sharers.flatMap((id) => this.#deliveries.get(id) ?? []);
    const round = { context: this.#context, sharers: this.sharers, survivors };
    return new Confirmation(round, this.#sum.take());
  }
}
