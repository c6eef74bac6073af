/** Every way a command can end without doing what was asked. */
export type CliErrorCode =
  | "wrong-usage"
  | "bad-plan"
  | "bad-data"
  | "unknown-run"
  | "not-running"
  | "unreachable"
  | "refused"
  | "timed-out"
  | "child-failed"
  | "unhealthy"
  | "verification-failed"
  | "not-on-chain-yet"
  | "interrupted"
  | "failed";

/** What the process says to the shell; the same list is printed by `chorus --help`. */
const exitCodes: Readonly<Record<CliErrorCode, number>> = {
  "wrong-usage": 2,
  "bad-plan": 2,
  "bad-data": 2,
  "unknown-run": 2,
  "not-running": 3,
  unreachable: 3,
  refused: 1,
  "timed-out": 3,
  "child-failed": 1,
  unhealthy: 1,
  "verification-failed": 4,
  "not-on-chain-yet": 5,
  interrupted: 130,
  failed: 1,
};

/** A command could not do what was asked. `message` says what was wrong, `hint` what to do about it. */
export class CliError extends Error {
  override readonly name = "CliError";
  readonly code: CliErrorCode;
  readonly hint: string;

  constructor(code: CliErrorCode, message: string, hint: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.hint = hint;
  }

  /** What the process exits with. */
  get exitCode(): number {
    return exitCodes[this.code];
  }
}
