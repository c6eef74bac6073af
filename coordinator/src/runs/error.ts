/** Every way the coordinator can refuse an operator. */
export type RunErrorCode =
  | "unknown-run"
  | "unknown-model"
  | "unknown-transcript"
  | "abandoned-round"
  | "not-running";

/** What an operator asked for cannot be done. */
export class RunError extends Error {
  override readonly name = "RunError";
  readonly code: RunErrorCode;

  constructor(code: RunErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}
