import type {
  CommittedUpload,
  Hash,
  KeyAdvertisement,
  RevealedShares,
  SealedShare,
  SurvivorAck,
} from "@chorus/aggregation";

/** What this participant sends in a round. Sent again byte for byte when the coordinator asks again. */
export type Answer =
  | { readonly kind: "accept-round"; readonly roundId: Hash; readonly planHash: Hash }
  | { readonly kind: "leave-round"; readonly roundId: Hash; readonly reason: string }
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
      /** The masked vector: little-endian 32-bit words. */
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
    };

/** The answer of one kind. */
export type AnswerOf<Kind extends Answer["kind"]> = Extract<Answer, { kind: Kind }>;
