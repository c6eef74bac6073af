import { Unmasking } from "./aggregator-unmasking.ts";
import { byId, refuseShortage, requireAmong, requireFirst } from "./checks.ts";
import type { CollectedRound } from "./collected-round.ts";
import type { MaskingError } from "./error.ts";
import { Holders } from "./holders.ts";
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
  readonly #holders: Holders;
  readonly #sum: Uint32Array;

  /** Takes `sum` over: shape `[vectorLength(dimension)]`, of the survivors' masked updates; empty in an encrypted round. */
  constructor(round: CollectedRound, sum: Uint32Array) {
    this.survivors = round.survivors.map(({ upload }) => upload);
    this.updatesRoot = updatesRootOf(this.survivors);
    this.#round = round;
    this.#digest = survivorDigest(round.context, this.survivors);
    this.#holders = Holders.ofRound(round);
    this.#sum = sum;
  }

  /** Who has delivered. */
  get delivered(): ReadonlySet<ParticipantId> {
    return new Set(this.#acks.keys());
  }

  /** Takes one survivor's signature. Throws {@link MaskingError} and changes nothing unless it is its first, over this set. */
  confirm(ack: SurvivorAck): void {
    const survivors = new Set(this.survivors.map(({ participantId }) => participantId));
    const { guard } = this.#round.context;
    requireAmong([ack.participantId], survivors, "survivors", guard);
    requireFirst(this.#acks, ack.participantId, "acknowledgement", guard);
    checkAck(this.#round.context, ack, this.#digest);
    this.#acks.set(ack.participantId, ack);
  }

  /** Why the round could not go on if exactly these had delivered: what {@link close} throws. undefined when it could. */
  shortage(delivered: ReadonlySet<ParticipantId>): MaskingError | undefined {
    return this.#holders.shortage(delivered, "acknowledgements");
  }

  /**
   * Ends confirmation. Throws {@link MaskingError} `too-few`, naming whose secret could not be rebuilt, when fewer than
   * `threshold` of its holders have signed.
   */
  close(): Unmasking {
    refuseShortage(this.shortage(this.delivered), this.#round.context.guard);
    return new Unmasking(this.#round, this.#holders, byId(this.#acks.values()), this.#sum);
  }
}
