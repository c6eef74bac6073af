import type {
  Hash,
  KeyAdvertisement,
  ParticipantId,
  SealedShare,
  SurvivorAck,
  UploadCommitment,
} from "@chorus/aggregation";
import type { Handover, ModelRequest } from "@chorus/aggregation/he";
import type { ClientError } from "../error.ts";

/** What a round is about, as the coordinator says. */
export interface RoundOffer {
  readonly roundId: Hash;
  readonly runId: Hash;
  /** Counts from 1. */
  readonly round: number;
  /** Canonical JSON. */
  readonly plan: string;
  readonly planHash: Hash;
  /** Model to train from. */
  readonly modelHash: Hash;
  /** In an encrypted run, of the outer optimiser's state that goes with that model; else, and without state, "". */
  readonly stateHash: Hash | "";
}

/** The steps of a round in their order. Each is asked for by an instruction of its name. */
export const STEPS = [
  "invitation",
  "train",
  "advertise-keys",
  "share-keys",
  "upload",
  "confirm-survivors",
  "reveal",
  "open-sum",
] as const;

export type StepName = (typeof STEPS)[number];

/** An instruction that asks for an answer. */
export type StepInstruction =
  | { readonly kind: "invitation"; readonly roundId: Hash; readonly offer: RoundOffer }
  | {
      readonly kind: "train";
      readonly roundId: Hash;
      readonly offer: RoundOffer;
      /** Milliseconds until the coordinator goes on without this participant. */
      readonly remainingMs: number;
      /** Of those who lack the round's model: this participant is to hand it over. */
      readonly modelRequests: readonly ModelRequest[];
      /** The answer to this participant's own request. */
      readonly handover?: Handover;
    }
  | { readonly kind: "advertise-keys"; readonly roundId: Hash; readonly roundConfig: string }
  | {
      readonly kind: "share-keys";
      readonly roundId: Hash;
      readonly keyBook: readonly KeyAdvertisement[];
    }
  | {
      readonly kind: "upload";
      readonly roundId: Hash;
      readonly sharers: readonly ParticipantId[];
      readonly sealedShares: readonly SealedShare[];
    }
  | {
      readonly kind: "confirm-survivors";
      readonly roundId: Hash;
      readonly survivors: readonly UploadCommitment[];
    }
  | { readonly kind: "reveal"; readonly roundId: Hash; readonly acks: readonly SurvivorAck[] }
  /** Of an encrypted round alone. */
  | { readonly kind: "open-sum"; readonly roundId: Hash };

/** The instruction that asks for one step. */
export type InstructionFor<Step extends StepName> = Extract<StepInstruction, { kind: Step }>;

/** What the coordinator tells this participant. */
export type Instruction =
  | StepInstruction
  | {
      readonly kind: "round-ended";
      readonly roundId: Hash;
      /** Why the round was abandoned; empty when it was completed. */
      readonly abandoned: string;
      /** The new model; empty when abandoned. */
      readonly modelHash: Hash | "";
    }
  /** It is about this round, but cannot be read. */
  | { readonly kind: "malformed"; readonly roundId: Hash; readonly error: ClientError };
