import type {
  KeyAdvertisement,
  ParticipantId,
  SealedShare,
  SurvivorAck,
  UploadCommitment,
} from "@chorus/aggregation";
import type { Handover, ModelRequest } from "@chorus/aggregation/he";
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
  | { readonly kind: "reveal"; readonly roundId: string; readonly acks: readonly SurvivorAck[] }
  | { readonly kind: "open-sum"; readonly roundId: string };

/** What a round says to one participant. */
export type Instruction =
  | { readonly kind: "invitation"; readonly facts: RoundFacts }
  | {
      readonly kind: "train";
      readonly facts: RoundFacts;
      /** Of those that the participant is to hand the model over to before it trains. */
      readonly modelRequests: readonly ModelRequest[];
      /** What was handed over to it, if it asked. */
      readonly handover: Handover | undefined;
    }
  | ExchangeInstruction
  | {
      readonly kind: "round-ended";
      readonly roundId: string;
      /** Empty when the round was completed. */
      readonly abandoned: string;
      /** Empty when it was abandoned. */
      readonly modelHash: string;
    };
