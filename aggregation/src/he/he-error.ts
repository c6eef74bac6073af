/** Every way homomorphic encryption can refuse what it is given, or fail. */
export type HeErrorCode =
  // SEAL itself: see `Seal`.
  | "he-failed"
  | "instance-lost"
  // Parameters and keys.
  | "bad-parameters"
  | "wrong-parameters"
  | "too-many-participants"
  | "bad-key"
  | "key-wiped"
  // What a participant encrypts.
  | "wrong-dimension"
  | "non-finite"
  | "out-of-range"
  | "bad-counts"
  // Bytes of others.
  | "wrong-length"
  | "wrong-header"
  | "bad-residue"
  | "transparent"
  // A decrypted sum.
  | "wrong-sum"
  | "overflow"
  | "no-examples";

/** A value, a ciphertext, a key or a sum was refused, or SEAL failed. Never holds a key, a plaintext or a value of one. */
export class HeError extends Error {
  override readonly name = "HeError";
  readonly code: HeErrorCode;

  constructor(code: HeErrorCode, message: string, options: ErrorOptions = {}) {
    super(message, options);
    this.code = code;
  }
}
