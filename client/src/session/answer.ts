import type {
  CommittedUpload,
  Hash,
  KeyAdvertisement,
  ModelReport,
  RevealedShares,
  SealedShare,
  SurvivorAck,
} from "@chorus/aggregation";
import type { AddressedHandover, ModelRequest } from "@chorus/aggregation/he";

/** What this participant sends in a round. Sent again byte for byte when the coordinator asks again. */
export type Answer =
  | {
      readonly kind: "accept-round";
      readonly roundId: Hash;
      readonly planHash: Hash;
      /** In an encrypted run, from a participant that lacks the round's model. */
      readonly modelRequest: ModelRequest | undefined;
    }
  | { readonly kind: "leave-round"; readonly roundId: Hash; readonly reason: string }
  | {
      readonly kind: "hand-over-model";
      readonly roundId: Hash;
      readonly handovers: readonly AddressedHandover[];
      /** Model and state, for everybody who asked. */
      readonly sealed: Uint8Array;
    }
  | {
      readonly kind: "report-trained";
      readonly roundId: Hash;
      readonly modelHash: Hash;
      /** To the nonce that this participant's key advertisement will open. */
      readonly nonceCommitment: Hash;
    }
  | {
      readonly kind: "advertise-keys";
      readonly roundId: Hash;
      readonly configHash: Hash;
      readonly advertisement: KeyAdvertisement;
    }
  | {
      readonly kind: "share-keys";
      readonly roundId: Hash;
      readonly configHash: Hash;
      readonly sealedShares: readonly SealedShare[];
    }
  | {
      readonly kind: "submit-update";
      readonly roundId: Hash;
      readonly configHash: Hash;
      readonly committed: CommittedUpload;
      /** The masked vector: little-endian 32-bit words; in an encrypted round its ciphertexts, one after the other. */
      readonly bytes: Uint8Array;
    }
  | {
      readonly kind: "confirm-survivors";
      readonly roundId: Hash;
      readonly configHash: Hash;
      readonly ack: SurvivorAck;
    }
  | {
      readonly kind: "reveal-shares";
      readonly roundId: Hash;
      readonly configHash: Hash;
      readonly shares: RevealedShares;
    }
  | {
      readonly kind: "report-model";
      readonly roundId: Hash;
      readonly configHash: Hash;
      readonly report: ModelReport;
    };

/** The answer of one kind. */
export type AnswerOf<Kind extends Answer["kind"]> = Extract<Answer, { kind: Kind }>;
