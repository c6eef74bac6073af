/** Every way a flat model can be refused. */
export type ModelErrorCode = "wrong-length" | "non-finite";

/** A vector is not a model of the plan's layout. */
export class ModelError extends Error {
  override readonly name = "ModelError";
  readonly code: ModelErrorCode;

  constructor(code: ModelErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}
