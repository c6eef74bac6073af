import { diffieHellman, hkdfSync, type KeyObject } from "node:crypto";
import { privateKeyFromSeed, publicBytesOf, publicKeyFromBytes } from "../curve-keys.ts";
import { MaskingError } from "./error.ts";
import type { ParticipantId } from "./messages.ts";

/** A fresh X25519 key of one participant for one round. Prints nothing of its secret. */
export class AgreementKey implements Disposable {
  /** 32 bytes. */
  readonly publicKey: Uint8Array;
  #privateKey: KeyObject | undefined;

  /** The key that grows from a secret seed of 32 bytes (RangeError otherwise). */
  constructor(seed: Uint8Array) {
    this.#privateKey = privateKeyFromSeed("X25519", seed);
    this.publicKey = publicBytesOf(this.#privateKey);
  }

  /**
   * The secret shared with `peer`, who holds `peerKey` (32 bytes). Throws {@link MaskingError} `bad-key` naming the peer
   * for a key that leads to the all-zero secret, which everybody knows. Source: RFC 7748, section 6.1.
   */
  agree(peer: ParticipantId, peerKey: Uint8Array): SharedSecret {
    const privateKey = this.#privateKey;
    if (privateKey === undefined) throw new Error("the key was wiped");
    const publicKey = publicKeyFromBytes("X25519", peerKey);
    try {
      return new SharedSecret(diffieHellman({ privateKey, publicKey }));
    } catch (cause) {
      const message = `a key of ${peer} leads to the all-zero secret`;
      throw new MaskingError("bad-key", message, { participantId: peer, cause });
    }
  }

  /** Forgets the secret key; node:crypto frees the memory with the key object, which nothing else holds. */
  [Symbol.dispose](): void {
    this.#privateKey = undefined;
  }
}

/** What two participants share, from which keys for single purposes are derived. Prints nothing of its bytes. */
export class SharedSecret implements Disposable {
  readonly #bytes: Uint8Array;

  /** Takes the bytes over. Throws RangeError when all are zero: OpenSSL has refused that before, this is the second lock. */
  constructor(bytes: Uint8Array) {
    if (bytes.every((byte) => byte === 0)) throw new RangeError("the shared secret is all zero");
    this.#bytes = bytes;
  }

  /** 32 bytes for the purpose that `label` and `ids` name, in the exchange that `salt` (the exchange hash) names. */
  derive(salt: Uint8Array, label: string, ids: readonly string[]): Uint8Array {
    return deriveKey(this.#bytes, salt, label, ids);
  }

  [Symbol.dispose](): void {
    this.#bytes.fill(0);
  }
}

/** 32 bytes of HKDF-SHA256 with info "SA-1/<label>/" followed by participant ids of 32 characters each. */
export function deriveKey(
  secret: Uint8Array,
  salt: Uint8Array,
  label: string,
  ids: readonly string[],
): Uint8Array {
  return hkdf(secret, salt, Buffer.from(`SA-1/${label}/${ids.join("")}`), 32);
}

/** `length` bytes (at most 8160) of HKDF-SHA256. Source: RFC 5869. */
export function hkdf(
  secret: Uint8Array,
  salt: Uint8Array,
  info: Uint8Array,
  length: number,
): Uint8Array {
  return new Uint8Array(hkdfSync("sha256", secret, salt, info, length));
}

/** Tells keys with which an agreement gives a secret from those with which none does. */
export class KeyProbe {
  /** Nobody's: an agreement with a key of small order is all zero whatever the other key is. */
  readonly #key = new AgreementKey(new Uint8Array(32).fill(1));

  /** Throws {@link MaskingError} `bad-key` naming `owner` when no agreement with `publicKey` (32 bytes) gives a secret. */
  requireUsable(owner: ParticipantId, publicKey: Uint8Array): void {
    this.#key.agree(owner, publicKey)[Symbol.dispose]();
  }
}
