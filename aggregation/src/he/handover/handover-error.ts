import type { ParticipantId } from "../../masking/messages.ts";

/** Every way a model request or a handed-over model can be refused. */
export type HandoverErrorCode =
  // Of a message's own making.
  | "wrong-length"
  | "bad-key"
  | "wrong-participant"
  | "bad-signature"
  // Of the sealed model.
  | "wrong-bytes"
  | "unopenable-model";

/** A message about a model that is handed over was refused. Never holds a key or a parameter. */
export class HandoverError extends Error {
  override readonly name = "HandoverError";
  readonly code: HandoverErrorCode;
  /** Whose message it was. */
  readonly participantId: ParticipantId;

  constructor(
    code: HandoverErrorCode,
    message: string,
    participantId: ParticipantId,
    options: ErrorOptions = {},
  ) {
    super(message, options);
    this.code = code;
    this.participantId = participantId;
  }
}
