import type { Hash, ParticipantId, RunPlan } from "@chorus/aggregation";

/** A participant as the round knows it. */
export interface CohortMember {
  readonly participantId: ParticipantId;
  /** For people. */
  readonly name: string;
  /** Ed25519, hexadecimal. */
  readonly identityKey: Hash;
}

/** What is fixed for one attempt at a round, from its first phase to its last. */
export interface RoundFacts {
  readonly federationId: Hash;
  readonly runId: Hash;
  /** Counts from 1. */
  readonly round: number;
  /** Counts from 1 within the round. */
  readonly attempt: number;
  /** Fresh random 32 bytes. */
  readonly roundId: Hash;
  readonly plan: RunPlan;
  /** The plan as canonical JSON. */
  readonly planJson: string;
  readonly planHash: Hash;
  readonly parentModelHash: Hash;
  /** In an encrypted run, of the outer optimiser's state that goes with that model; else, and without state, "". */
  readonly parentStateHash: Hash | "";
  /** Parameters of the model. */
  readonly dimension: number;
}
