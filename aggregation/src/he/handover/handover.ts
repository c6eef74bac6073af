import type { Hash, ParticipantId } from "../../masking/messages.ts";

/** The model that is asked for and handed over, and for which attempt at which round. */
export interface HandoverBinding {
  readonly federationId: Hash;
  readonly runId: Hash;
  /** Counts from 1. */
  readonly round: number;
  readonly roundId: Hash;
  /** Model that the round trains from. */
  readonly modelHash: Hash;
  /** State of the outer optimiser that goes with it, SHA-256 of its bytes; "" where there is none. */
  readonly stateHash: Hash | "";
}

/** A participant asks for the model that a round trains from, which it does not have. */
export interface ModelRequest {
  readonly participantId: ParticipantId;
  /** Ed25519, 32 bytes. */
  readonly identityKey: Uint8Array;
  /** Fresh X25519 key that the answer is sealed for, 32 bytes. */
  readonly encryptionKey: Uint8Array;
  /** Ed25519 over everything above and the binding, 64 bytes. */
  readonly signature: Uint8Array;
}

/** What one of those who asked needs to open the sealed model. */
export interface Handover {
  /** Who handed it over. */
  readonly participantId: ParticipantId;
  /** Ed25519, 32 bytes. */
  readonly identityKey: Uint8Array;
  /** Fresh X25519 key of the one who handed it over, 32 bytes. */
  readonly encryptionKey: Uint8Array;
  /** Key of the sealed model, sealed with AES-256-GCM for the one who asked: 32 bytes and the tag. */
  readonly sealedKey: Uint8Array;
  /** Bytes of the sealed model. */
  readonly totalBytes: number;
  /** SHA-256 of the sealed model. */
  readonly sealedHash: Hash;
  /** Ed25519 over everything above, the request and the binding, 64 bytes. */
  readonly signature: Uint8Array;
}

/** A handover, and for whom it is. */
export interface AddressedHandover {
  readonly to: ParticipantId;
  readonly handover: Handover;
}

/** What is handed over to everybody who asked. */
export interface SealedModel {
  /** Model and state, sealed with AES-256-GCM under a fresh key. */
  readonly sealed: Uint8Array;
  /** In the order of the requests. */
  readonly handovers: readonly AddressedHandover[];
}

/** What a participant has of a run, to be handed over. */
export interface HeldModel {
  readonly model: Float32Array;
  /** Of the outer optimiser; undefined where the strategy has none. */
  readonly state: Float32Array | undefined;
}

/** What was handed over, as little-endian float32: neither length nor content was checked, nor the hashes. */
export interface HandedOver {
  readonly model: Uint8Array;
  readonly state: Uint8Array | undefined;
}
