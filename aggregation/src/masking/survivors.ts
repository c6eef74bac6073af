import { sha256 } from "../hash.ts";
import { hexOf } from "../hex.ts";
import type { Identity } from "../identity.ts";
import { merkleRoot } from "../merkle.ts";
import { byId, requireLength } from "./checks.ts";
import type {
  CommittedUpload,
  Hash,
  ParticipantId,
  SurvivorAck,
  UploadCommitment,
} from "./messages.ts";
import type { SigningContext } from "./round-context.ts";
import { requireSignature, signMessage } from "./signatures.ts";
import { commitmentHashOf } from "./vector-commitment.ts";

/** Signs a masked vector's root (32 bytes) and the commitment to the vector before (`COMMITMENT_BYTES`). */
export function signUpload(
  identity: Identity,
  context: SigningContext,
  vector: { readonly uploadRoot: Uint8Array; readonly commitment: Uint8Array },
): CommittedUpload {
  const { participantId } = identity;
  const { uploadRoot, commitment } = vector;
  const body = { participantId, uploadRoot, commitmentHash: commitmentHashOf(commitment) };
  const signature = signMessage(identity, context, "upload-commitment", uploadBody(body));
  return { upload: { ...body, signature }, commitment };
}

/** Throws {@link MaskingError} unless the upload is signed by a cohort member: `wrong-length`, `unknown-participant`, `bad-signature`. */
export function checkUpload(context: SigningContext, upload: UploadCommitment): void {
  const { participantId, signature } = upload;
  checkUploadLengths(context, upload);
  const body = uploadBody(upload);
  requireSignature(context, "upload-commitment", participantId, body, signature);
}

/** Throws {@link MaskingError} `wrong-length` unless both hashes are hashes, so that no two survivor sets have one digest. */
export function checkUploadLengths(context: SigningContext, upload: UploadCommitment): void {
  const { participantId, uploadRoot, commitmentHash } = upload;
  requireLength(uploadRoot, 32, "upload root", participantId, context.guard);
  requireLength(commitmentHash, 32, "commitment hash", participantId, context.guard);
}

/** Whether two signed uploads are the same, byte for byte. */
export function isSameUpload(a: UploadCommitment, b: UploadCommitment): boolean {
  return Buffer.compare(leafOf(a), leafOf(b)) === 0;
}

/** What survivors sign: SHA-256 over the exchange hash and every (id, upload root, commitment hash), sorted by id; 32 bytes. */
export function survivorDigest(
  context: SigningContext,
  survivors: Iterable<UploadCommitment>,
): Uint8Array {
  return sha256("chorus/survivors", context.hash, ...byId(survivors).map(uploadBody));
}

/** Merkle root over the survivors' {@link leafOf}, sorted by id: what the ledger keeps of the updates. */
export function updatesRootOf(survivors: Iterable<UploadCommitment>): Hash {
  return hexOf(merkleRoot(byId(survivors).map(leafOf)));
}

/** The leaf of a survivor's upload in that tree: id, upload root, commitment hash, signature; 160 bytes. */
export function leafOf(upload: UploadCommitment): Uint8Array {
  return Buffer.concat([uploadBody(upload), upload.signature]);
}

/** Signs the survivor set that `digest` stands for. */
export function signAck(
  identity: Identity,
  context: SigningContext,
  digest: Uint8Array,
): SurvivorAck {
  const { participantId } = identity;
  const signature = signMessage(identity, context, "survivor-ack", ackBody(participantId, digest));
  return { participantId, signature };
}

/** Throws {@link MaskingError} unless a cohort member signed this digest: `unknown-participant`, `bad-signature`. */
export function checkAck(context: SigningContext, ack: SurvivorAck, digest: Uint8Array): void {
  const { participantId, signature } = ack;
  requireSignature(
    context,
    "survivor-ack",
    participantId,
    ackBody(participantId, digest),
    signature,
  );
}

/** 32 characters of id, 32 bytes of root, 32 of the commitment's hash. */
function uploadBody(upload: Omit<UploadCommitment, "signature">): Uint8Array {
  const { participantId, uploadRoot, commitmentHash } = upload;
  return Buffer.concat([Buffer.from(participantId), uploadRoot, commitmentHash]);
}

function ackBody(participantId: ParticipantId, digest: Uint8Array): Uint8Array {
  return Buffer.concat([Buffer.from(participantId), digest]);
}
