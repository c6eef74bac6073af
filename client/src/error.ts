/** Every way a participant can fail. Only the code leaves the site, as the reason for which it left a round. */
export type ClientErrorCode =
  | "bad-data"
  | "unreadable"
  | "diverged"
  | "unsupported-layer"
  | "backend-failed"
  | "no-backend"
  | "too-large"
  | "wrong-model"
  | "no-model"
  | "cipher-failed"
  | "bad-config"
  | "unreachable"
  | "refused"
  | "identity-in-use"
  | "bad-identity"
  | "unwritable"
  | "bad-journal"
  | "already-answered"
  | "already-measured"
  | "no-transcript"
  | "wrong-sum"
  | "bad-evidence"
  | "protocol";

/**
 * A participant could not go on. The message is for the people at the site and may quote their data or paths: show it
 * there, keep it out of whatever is sent. Send {@link ClientError.code} instead.
 */
export class ClientError extends Error {
  override readonly name = "ClientError";
  readonly code: ClientErrorCode;

  constructor(code: ClientErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
