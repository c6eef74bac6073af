/** Every way the coordinator can fail to start. */
export type CoordinatorErrorCode = "bad-config" | "address-in-use" | "address-refused" | "bad-key";

/** The coordinator cannot start as it was asked to; the message says what to do. */
export class CoordinatorError extends Error {
  override readonly name = "CoordinatorError";
  readonly code: CoordinatorErrorCode;

  constructor(code: CoordinatorErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
