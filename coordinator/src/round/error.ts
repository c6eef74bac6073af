/** Every way a round can refuse a participant's message. */
export type RoundErrorCode =
  | "unknown-round"
  | "wrong-phase"
  | "not-in-cohort"
  | "contradictory-message"
  | "wrong-plan"
  | "wrong-model"
  | "wrong-config"
  | "unwanted-request"
  | "unasked-handover"
  | "wrong-handover"
  | "no-handover"
  | "wrong-length"
  | "bad-chunk"
  | "replaced-upload"
  | "stalled-upload";

/** A message was refused; the round itself goes on. */
export class RoundError extends Error {
  override readonly name = "RoundError";
  readonly code: RoundErrorCode;

  constructor(code: RoundErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}
