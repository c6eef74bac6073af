import { Unmasking } from "./aggregator-unmasking.ts";
import { byId, requireAmong, requireEnough, requireFirst } from "./checks.ts";
import type { CollectedRound } from "./collected-round.ts";
import type { Hash, ParticipantId, SurvivorAck, UploadCommitment } from "./messages.ts";
import { checkAck, survivorDigest, updatesRootOf } from "./survivors.ts";

/** The server's fourth stage: survivors sign that they were all shown the same set. */
export class Confirmation {
  /** Sorted by id. */
  readonly survivors: readonly UploadCommitment[];
  /** Merkle root over the survivors' signed commitments: what the ledger keeps. */
  readonly updatesRoot: Hash;
  readonly #round: CollectedRound;
  readonly #digest: Uint8Array;
  readonly #acks = new Map<ParticipantId, SurvivorAck>();
  readonly #sum: Uint32Array;

  /** Takes `sum` over: shape `[vectorLength(dimension)]`, of the survivors' masked updates. */
  constructor(round: CollectedRound, sum: Uint32Array) {
    this.survivors = round.survivors;
    this.updatesRoot = updatesRootOf(round.survivors);
    this.#round = round;
    this.#digest = survivorDigest(round.context, round.survivors);
    this.#sum = sum;
  }

  /** Who has delivered. */
  get delivered(): ReadonlySet<ParticipantId> {
    return new Set(this.#acks.keys());
  }

  /** Takes one survivor's signature. Throws {@link MaskingError} and changes nothing unless it is its first, over this set. */
  confirm(ack: SurvivorAck): void {
    const survivors = new Set(this.survivors.map(({ participantId }) => participantId));
    requireAmong([ack.participantId], survivors, "survivors");
    requireFirst(this.#acks, ack.participantId, "acknowledgement");
    checkAck(this.#round.context, ack, this.#digest);
    this.#acks.set(ack.participantId, ack);
  }

  /** Ends confirmation. Throws {@link MaskingError} `too-few` when fewer than `threshold` have signed. */
  close(): Unmasking {
    requireEnough(this.#acks.size, this.#round.context.config.threshold, "acknowledgements");
    return new Unmasking(this.#round, byId(this.#acks.values()), this.#sum);
  }
}
