/** Every way the coordinator can refuse somebody. */
export type AccessErrorCode =
  | "bad-challenge"
  | "bad-signature"
  | "bad-name"
  | "not-enrolled"
  | "bad-invitation"
  | "name-taken"
  | "no-session"
  | "bad-token"
  | "identity-in-use"
  | "shutting-down";

/** Somebody is not who they say or may not do what they ask. */
export class AccessError extends Error {
  override readonly name = "AccessError";
  readonly code: AccessErrorCode;

  constructor(code: AccessErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}
