import type { UpdateCounts } from "./update-counts.ts";

/** A participant's identifier: the first 32 hexadecimal digits of SHA-256(its Ed25519 identity key), lower case. */
export type ParticipantId = string;

/** 32 bytes as 64 lowercase hexadecimal digits. */
export type Hash = string;

/** One participant's fresh public keys for one round (R0 of SA-1). */
export interface KeyAdvertisement {
  readonly participantId: ParticipantId;
  /** X25519, 32 bytes. */
  readonly encryptionKey: Uint8Array;
  /** X25519, 32 bytes. */
  readonly maskKey: Uint8Array;
  /** Commitment to the self-mask seed, 32 bytes. */
  readonly selfMaskCommitment: Uint8Array;
  /** What its nonce commitment in the round's configuration commits to, 32 bytes. */
  readonly graphNonce: Uint8Array;
  /** In an encrypted round: commitment to the contribution to its key, 32 bytes. */
  readonly keyCommitment?: Uint8Array;
  /** Ed25519 by the identity key over everything above and the config hash, 64 bytes. */
  readonly signature: Uint8Array;
}

/**
 * A share of `from`'s two secrets for `to`, sealed with AES-256-GCM: 64 bytes, in an encrypted round the 32 of `from`'s
 * contribution to its key, and the tag.
 */
export interface SealedShare {
  readonly from: ParticipantId;
  readonly to: ParticipantId;
  readonly ciphertext: Uint8Array;
}

/** A participant's signature over what it uploaded, and over what it claims to have masked. */
export interface UploadCommitment {
  readonly participantId: ParticipantId;
  /** Merkle root of the masked vector's chunks, 32 bytes. */
  readonly uploadRoot: Uint8Array;
  /** SHA-256 of the commitment to the vector before it was masked, 32 bytes. */
  readonly commitmentHash: Uint8Array;
  /** Ed25519, 64 bytes. */
  readonly signature: Uint8Array;
}

/** What a participant delivers beside its masked vector. */
export interface CommittedUpload {
  readonly upload: UploadCommitment;
  /** Homomorphic commitment to the vector before it was masked, `COMMITMENT_BYTES` (16 KiB). */
  readonly commitment: Uint8Array;
}

/** A survivor's signature over the survivor set: at most one per participant and round. */
export interface SurvivorAck {
  readonly participantId: ParticipantId;
  /** Ed25519, 64 bytes. */
  readonly signature: Uint8Array;
}

/** A share of one secret of `owner`, 32 bytes. */
export interface RevealedShare {
  readonly owner: ParticipantId;
  readonly share: Uint8Array;
}

/** What a survivor reveals: for survivors shares of self masks, for dropouts shares of mask keys, never both for one. */
export interface RevealedShares {
  readonly selfMaskShares: readonly RevealedShare[];
  readonly maskKeyShares: readonly RevealedShare[];
}

/** What a survivor of an encrypted round has made of its sum. */
export interface ModelReport {
  readonly participantId: ParticipantId;
  /** Of the new model. */
  readonly modelHash: Hash;
  /** SHA-256 of the outer optimiser's state after the round; "" for a strategy without state. */
  readonly stateHash: Hash | "";
  /** The survivors', added up. */
  readonly counts: UpdateCounts;
  /** Ed25519 over all of it, the survivor set and the encrypted sum, 64 bytes. */
  readonly signature: Uint8Array;
}
