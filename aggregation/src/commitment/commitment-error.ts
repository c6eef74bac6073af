/** Every way a commitment, or what is to be committed to, can be refused. */
export type CommitmentErrorCode =
  | "wrong-length"
  | "bad-residue"
  | "wrong-randomness"
  | "too-few"
  | "too-many"
  | "stream-used";

/** A commitment is not one, or cannot be made. Never holds a committed word. */
export class CommitmentError extends Error {
  override readonly name = "CommitmentError";
  readonly code: CommitmentErrorCode;

  constructor(code: CommitmentErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}
