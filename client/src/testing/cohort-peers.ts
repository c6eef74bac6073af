import {
  AdvertisingStage,
  type ConfirmingStage,
  createIdentity,
  graphNonceCommitment,
  type Identity,
  type KeyAdvertisement,
  type MaskedRoundConfig,
  openCommitmentScheme,
  type ParticipantId,
  type RevealingStage,
  type SealedShare,
  type SharingStage,
  type SurvivorAck,
  seededRandom,
  type UploadCommitment,
  vectorLength,
} from "@chorus/aggregation";
import { configFor } from "./masked-round.ts";

/** One of the others in a cohort: it has trained nothing, and does what it is asked. */
class Peer {
  readonly identity: Identity;
  readonly nonce: Uint8Array;
  stage: AdvertisingStage | SharingStage | ConfirmingStage | RevealingStage | undefined;

  constructor(place: number) {
    this.identity = createIdentity(new Uint8Array(32).fill(100 + place));
    this.nonce = new Uint8Array(32).fill(200 + place);
  }

  get id(): ParticipantId {
    return this.identity.participantId;
  }
}

/** Real participants beside the one under test; all of them are here, and are at the same step of one round. */
export class CohortPeers {
  readonly size: number;
  readonly #own: Identity;
  readonly #peers: readonly Peer[];
  readonly #tools = { committer: openCommitmentScheme(), random: seededRandom("peers") };

  /** `own`: of the participant under test; `size`: how many there are beside it. */
  constructor(own: Identity, size: number) {
    this.size = size;
    this.#own = own;
    this.#peers = Array.from({ length: size }, (_, place) => new Peer(place));
  }

  /** A round with the first `size` of them; `nonceCommitment`: of the participant under test. */
  config(
    nonceCommitment: Uint8Array,
    size: number,
    changes: Partial<MaskedRoundConfig>,
  ): MaskedRoundConfig {
    const own = { identityKey: this.#own.publicKey, graphNonceCommitment: nonceCommitment };
    const others = this.#peers.slice(0, size).map(({ id, identity, nonce }) => ({
      identityKey: identity.publicKey,
      graphNonceCommitment: graphNonceCommitment(id, nonce),
    }));
    return configFor([own, ...others], changes);
  }

  /** Makes fresh keys. */
  advertise(config: MaskedRoundConfig): KeyAdvertisement[] {
    return this.#among(config.cohort.map(({ participantId }) => participantId)).map((peer) => {
      const { identity, nonce: graphNonce } = peer;
      const { random } = this.#tools;
      const stage = AdvertisingStage.begin(config, { identity, graphNonce, random });
      peer.stage = stage;
      return stage.advertisement;
    });
  }

  share(book: readonly KeyAdvertisement[]): SealedShare[] {
    return this.#among(book.map(({ participantId }) => participantId)).flatMap((peer) => {
      const stage = (peer.stage as AdvertisingStage).openKeyBook(book);
      peer.stage = stage;
      return stage.sealedShares;
    });
  }

  /** `sealed`: of everybody for everybody. */
  upload(
    { dimension }: MaskedRoundConfig,
    sharers: readonly ParticipantId[],
    sealed: readonly SealedShare[],
  ): UploadCommitment[] {
    return this.#among(sharers).map((peer) => {
      const own = sealed.filter(({ from, to }) => to === peer.id && sharers.includes(from));
      const masking = (peer.stage as SharingStage).openShares(sharers, own);
      const stage = masking.mask(new Uint32Array(vectorLength(dimension)), this.#tools);
      peer.stage = stage;
      return stage.upload;
    });
  }

  confirm(survivors: readonly UploadCommitment[]): SurvivorAck[] {
    return this.#among(survivors.map(({ participantId }) => participantId)).map((peer) => {
      const stage = (peer.stage as ConfirmingStage).confirm(survivors);
      peer.stage = stage;
      return stage.ack;
    });
  }

  #among(ids: readonly ParticipantId[]): Peer[] {
    return this.#peers.filter(({ id }) => ids.includes(id));
  }
}
