/** Every way a message can be malformed. */
export type WireErrorCode = "missing-field" | "wrong-length" | "bad-text";

/** A message does not have the form that the wire's description demands. */
export class WireError extends Error {
  override readonly name = "WireError";
  readonly code: WireErrorCode;

  constructor(code: WireErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}
