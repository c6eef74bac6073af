import { GRAPH_NONCE_BYTES, graphNonceCommitment } from "../graph/graph-seed.ts";
import { sha256 } from "../hash.ts";
import { hexOf } from "../hex.ts";
import type { Identity } from "../identity.ts";
import { requireLength } from "./checks.ts";
import { MaskingError } from "./error.ts";
import { type Guard, strictGuard } from "./guard.ts";
import type { KeyAdvertisement, ParticipantId } from "./messages.ts";
import type { RoundContext } from "./round-context.ts";
import { contributionBytes } from "./round-key.ts";
import { requireSignature, signMessage } from "./signatures.ts";

/** Of what only advertisements of encrypted rounds have. */
const NOTHING: Uint8Array = new Uint8Array();

/** Signs a participant's public keys for the round, and its nonce for the masking graph. */
export function signAdvertisement(
  identity: Identity,
  context: RoundContext,
  keys: Omit<KeyAdvertisement, "participantId" | "signature">,
): KeyAdvertisement {
  const body = { ...keys, participantId: identity.participantId };
  const signature = signMessage(identity, context, "key-advertisement", bodyOf(body));
  return { ...body, signature };
}

/**
 * Throws {@link MaskingError} unless the advertisement is a cohort member's and opens the commitment to its nonce:
 * `wrong-length`, `unknown-participant`, `bad-signature`, `wrong-opening`.
 */
export function checkAdvertisement(context: RoundContext, advertisement: KeyAdvertisement): void {
  const { participantId, encryptionKey, maskKey, selfMaskCommitment, graphNonce, signature } =
    advertisement;
  const { guard, config } = context;
  const keyCommitment = advertisement.keyCommitment ?? NOTHING;
  requireLength(encryptionKey, 32, "encryption key", participantId, guard);
  requireLength(maskKey, 32, "mask key", participantId, guard);
  requireLength(selfMaskCommitment, 32, "self-mask commitment", participantId, guard);
  requireLength(graphNonce, GRAPH_NONCE_BYTES, "graph nonce", participantId, guard);
  requireLength(keyCommitment, contributionBytes(config), "key commitment", participantId, guard);
  const body = bodyOf(advertisement);
  requireSignature(context, "key-advertisement", participantId, body, signature);
  const opened = graphNonceCommitment(participantId, graphNonce);
  if (Buffer.compare(opened, context.nonceCommitmentOf(participantId)) !== 0) {
    const message = `the nonce of ${participantId} is not the one it committed to`;
    guard.refuse(new MaskingError("wrong-opening", message, { participantId }));
  }
}

/** Refuses with {@link MaskingError} `duplicate-key` when two of all the advertised keys are the same. */
export function requireDistinctKeys(
  book: Iterable<KeyAdvertisement>,
  guard: Guard = strictGuard,
): void {
  const keys = new DistinctKeys(guard);
  for (const advertisement of book) keys.add(advertisement);
}

/** Keys of which no two may be the same. */
export class DistinctKeys {
  readonly #guard: Guard;
  readonly #seen = new Set<string>();

  constructor(guard: Guard) {
    this.#guard = guard;
  }

  /** Takes both keys, or refuses with {@link MaskingError} `duplicate-key` and takes none. */
  add({ participantId, encryptionKey, maskKey }: KeyAdvertisement): void {
    const keys = [hexOf(encryptionKey), hexOf(maskKey)];
    if (new Set(keys).size < keys.length || keys.some((key) => this.#seen.has(key))) {
      const message = `${participantId} advertises a key that is there already`;
      this.#guard.refuse(new MaskingError("duplicate-key", message, { participantId }));
    }
    for (const key of keys) this.#seen.add(key);
  }
}

/** Whether two advertisements are the same, byte for byte. */
export function isSameAdvertisement(a: KeyAdvertisement, b: KeyAdvertisement): boolean {
  return Buffer.compare(advertisementBytes(a), advertisementBytes(b)) === 0;
}

/** All of an advertisement, its signature last; 224 bytes, in an encrypted round 256. */
export function advertisementBytes(advertisement: KeyAdvertisement): Uint8Array {
  return Buffer.concat([bodyOf(advertisement), advertisement.signature]);
}

/** What binds a participant to its self-mask seed before anybody holds a share of it; 32 bytes. */
export function selfMaskCommitmentOf(
  context: RoundContext,
  participantId: ParticipantId,
  seed: Uint8Array,
): Uint8Array {
  return sha256("chorus/self-mask", context.hash, participantId, seed);
}

function bodyOf(advertisement: Omit<KeyAdvertisement, "signature">): Uint8Array {
  const { participantId, encryptionKey, maskKey, selfMaskCommitment, graphNonce } = advertisement;
  const { keyCommitment = NOTHING } = advertisement;
  const id = Buffer.from(participantId);
  return Buffer.concat([id, encryptionKey, maskKey, selfMaskCommitment, graphNonce, keyCommitment]);
}
