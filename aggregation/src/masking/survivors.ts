import { sha256 } from "../hash.ts";
import { hexOf } from "../hex.ts";
import type { Identity } from "../identity.ts";
import { merkleRoot } from "../merkle.ts";
import { byId, requireLength } from "./checks.ts";
import type { Hash, ParticipantId, SurvivorAck, UploadCommitment } from "./messages.ts";
import type { RoundContext } from "./round-context.ts";
import { requireSignature, signMessage } from "./signatures.ts";

/** Signs the root of a masked upload. */
export function signUpload(
  identity: Identity,
  context: RoundContext,
  uploadRoot: Uint8Array,
): UploadCommitment {
  const { participantId } = identity;
  const body = uploadBody({ participantId, uploadRoot });
  const signature = signMessage(identity, context, "upload-commitment", body);
  return { participantId, uploadRoot, signature };
}

/** Throws {@link MaskingError} unless the commitment is a cohort member's: `wrong-length`, `unknown-participant`, `bad-signature`. */
export function checkCommitment(context: RoundContext, commitment: UploadCommitment): void {
  const { participantId, uploadRoot, signature } = commitment;
  requireLength(uploadRoot, 32, "upload root", participantId);
  const body = uploadBody(commitment);
  requireSignature(context, "upload-commitment", participantId, body, signature);
}

/** Whether two commitments are the same, byte for byte. */
export function isSameCommitment(a: UploadCommitment, b: UploadCommitment): boolean {
  return Buffer.compare(leafOf(a), leafOf(b)) === 0;
}

/** What survivors sign: SHA-256 over the config hash and every (id, upload root), sorted by id; 32 bytes. */
export function survivorDigest(
  context: RoundContext,
  survivors: Iterable<UploadCommitment>,
): Uint8Array {
  return sha256("chorus/survivors", context.hash, ...byId(survivors).map(uploadBody));
}

/** Merkle root over the survivors' (id, upload root, signature), sorted by id: what the ledger keeps of the updates. */
export function updatesRootOf(survivors: Iterable<UploadCommitment>): Hash {
  return hexOf(merkleRoot(byId(survivors).map(leafOf)));
}

/** The leaf of a survivor's commitment in the tree of {@link updatesRootOf}: 128 bytes. */
export function leafOf(commitment: UploadCommitment): Uint8Array {
  return Buffer.concat([uploadBody(commitment), commitment.signature]);
}

/** Signs the survivor set that `digest` stands for. */
export function signAck(
  identity: Identity,
  context: RoundContext,
  digest: Uint8Array,
): SurvivorAck {
  const { participantId } = identity;
  const signature = signMessage(identity, context, "survivor-ack", ackBody(participantId, digest));
  return { participantId, signature };
}

/** Throws {@link MaskingError} unless a cohort member signed this digest: `unknown-participant`, `bad-signature`. */
export function checkAck(context: RoundContext, ack: SurvivorAck, digest: Uint8Array): void {
  const { participantId, signature } = ack;
  requireSignature(
    context,
    "survivor-ack",
    participantId,
    ackBody(participantId, digest),
    signature,
  );
}

/** 32 characters of id, 32 bytes of root. */
function uploadBody(upload: Omit<UploadCommitment, "signature">): Uint8Array {
  return Buffer.concat([Buffer.from(upload.participantId), upload.uploadRoot]);
}

function ackBody(participantId: ParticipantId, digest: Uint8Array): Uint8Array {
  return Buffer.concat([Buffer.from(participantId), digest]);
}
