import type {
  KeyAdvertisement,
  ParticipantId,
  SealedShare,
  SurvivorAck,
  UploadCommitment,
} from "@chorus/aggregation";
import type { RoundFacts } from "./facts.ts";

/** What a phase of the masked exchange asks of one participant. */
export type ExchangeInstruction =
  | { readonly kind: "advertise-keys"; readonly roundId: string; readonly roundConfig: string }
  | {
      readonly kind: "share-keys";
      readonly roundId: string;
      readonly keyBook: readonly KeyAdvertisement[];
    }
  | {
      readonly kind: "upload";
      readonly roundId: string;
      readonly sharers: readonly ParticipantId[];
      readonly sealedShares: readonly SealedShare[];
    }
  | {
      readonly kind: "confirm-survivors";
      readonly roundId: string;
      readonly survivors: readonly UploadCommitment[];
    }
  | { readonly kind: "reveal"; readonly roundId: string; readonly acks: readonly SurvivorAck[] };

/** What a round says to one participant. */
export type Instruction =
  | { readonly kind: "invitation"; readonly facts: RoundFacts }
  | { readonly kind: "train"; readonly facts: RoundFacts }
  | ExchangeInstruction
  | {
      readonly kind: "round-ended";
      readonly roundId: string;
      /** Empty when the round was completed. */
      readonly abandoned: string;
      /** Empty when it was abandoned. */
      readonly modelHash: string;
    };
