import type { ParticipantId } from "./messages.ts";

/** Every way a round of SA-1 can refuse a message or fail. */
export type MaskingErrorCode =
  // The round's configuration.
  | "bad-config"
  | "wrong-federation"
  | "wrong-run"
  | "wrong-round"
  | "wrong-round-id"
  | "wrong-plan"
  | "wrong-parent-model"
  | "wrong-parent-state"
  | "wrong-dimension"
  | "wrong-clipping-norm"
  | "wrong-max-examples"
  | "wrong-protection"
  | "wrong-parameters"
  | "too-many-participants"
  | "unsorted-cohort"
  | "duplicate-id"
  | "duplicate-key"
  | "wrong-id"
  | "not-in-cohort"
  | "wrong-degree"
  | "wrong-nonce-commitment"
  | "low-threshold"
  | "high-threshold"
  | "low-min-survivors"
  | "no-headroom"
  | "wrong-scale"
  // Messages.
  | "unknown-participant"
  | "already-delivered"
  | "wrong-length"
  | "bad-signature"
  | "bad-key"
  | "wrong-opening"
  | "own-message-missing"
  | "own-message-altered"
  | "wrong-shares"
  | "unopenable-share"
  | "wrong-contribution"
  | "wrong-upload-root"
  | "wrong-commitment"
  // Stages.
  | "too-few"
  | "stage-used"
  | "bad-share"
  | "unopened-sum"
  | "no-agreement"
  // Updates and their sum.
  | "non-finite"
  | "bad-counts"
  | "overflow"
  | "no-examples";

/** What a log needs to know of a {@link MaskingError}. Never a key, a share or a value. */
export interface MaskingErrorDetails extends ErrorOptions {
  /** Whose message or secret it is about. */
  readonly participantId?: ParticipantId;
  /** With `too-few`: how many there are, and how many the stage needs. */
  readonly got?: number;
  readonly wanted?: number;
}

/** A round's configuration, a message of the masking protocol, or an update was refused. */
export class MaskingError extends Error {
  override readonly name = "MaskingError";
  readonly code: MaskingErrorCode;
  readonly participantId: ParticipantId | undefined;
  readonly got: number | undefined;
  readonly wanted: number | undefined;

  constructor(code: MaskingErrorCode, message: string, details: MaskingErrorDetails = {}) {
    super(message, "cause" in details ? { cause: details.cause } : {});
    this.code = code;
    this.participantId = details.participantId;
    this.got = details.got;
    this.wanted = details.wanted;
  }
}
