import { uploadRoot } from "../merkle.ts";
import { addRing, bytesOfWords } from "../vector.ts";
import { Confirmation } from "./aggregator-confirmation.ts";
import { refuseShortage, requireAmong, requireFirst, requireLength } from "./checks.ts";
import { isEncrypted, type RoundConfig, requireEncrypted, requireMasked } from "./config.ts";
import { ciphertextBytes } from "./encryption.ts";
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
 * participant, for the commitment to its vector (16 KiB). Those of an encrypted round are checked alone: they are added up
 * where SEAL is.
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
    this.#sum = new SingleUse(emptySum(context.config), context.guard);
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
   * and this commitment are signed; `stage-used` after {@link close}; `wrong-protection` in an encrypted round. Whether the
   * commitment is to this vector shows in the sum alone.
   */
  submit(committed: CommittedUpload, masked: Uint32Array): void {
    requireMasked(this.#context.config);
    const { participantId } = committed.upload;
    const sum = this.#sum.get();
    this.#requireFirstOf(participantId);
    if (masked.length !== sum.length) {
      const message = `update of ${participantId} has ${masked.length} words, wanted ${sum.length}`;
      throw new MaskingError("wrong-dimension", message, { participantId });
    }
    this.#requireSigned(committed, bytesOfWords(masked));
    addRing(sum, masked);
    this.#deliveries.set(participantId, committed);
  }

  /**
   * Takes one sharer's encrypted update, which is not added to anything here. `ciphertexts`: {@link ciphertextBytes}, not
   * kept. Throws {@link MaskingError} and changes nothing as {@link submit}, `wrong-length` for other bytes and
   * `wrong-protection` in a round that is not encrypted.
   */
  accept(committed: CommittedUpload, ciphertexts: Uint8Array): void {
    const wanted = ciphertextBytes(requireEncrypted(this.#context.config));
    const { participantId } = committed.upload;
    this.#sum.get();
    this.#requireFirstOf(participantId);
    requireLength(ciphertexts, wanted, "ciphertexts", participantId);
    this.#requireSigned(committed, ciphertexts);
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

  #requireFirstOf(participantId: ParticipantId): void {
    const { guard } = this.#context;
    requireAmong([participantId], new Set(this.sharers), "sharers", guard);
    requireFirst(this.#deliveries, participantId, "update", guard);
  }

  #requireSigned(committed: CommittedUpload, bytes: Uint8Array): void {
    const { upload } = committed;
    const { participantId } = upload;
    const { guard } = this.#context;
    checkUpload(this.#context, upload);
    readCommitment(committed, guard);
    if (Buffer.compare(uploadRoot(bytes), upload.uploadRoot) !== 0) {
      const message = `the update of ${participantId} is not what it signed`;
      guard.refuse(new MaskingError("wrong-upload-root", message, { participantId }));
    }
  }
}

/** Zeros, for {@link Collection.submit} to add to; none in an encrypted round. */
function emptySum(config: RoundConfig): Uint32Array {
  return new Uint32Array(isEncrypted(config) ? 0 : vectorLength(config.dimension));
}
