import { PlanError } from "@chorus/aggregation";
import type { LedgerErrorCode } from "@chorus/chain";
import type { ClientErrorCode } from "@chorus/client";
import type { CoordinatorErrorCode, StoreErrorCode } from "@chorus/coordinator";
import { CommanderError } from "commander";
import { CliError, type CliErrorCode } from "./cli-error.ts";

/** Errors of packages, by class and code. By name, as a command loads only the packages that it needs. */
type KnownError =
  | `ClientError ${ClientErrorCode}`
  | `CoordinatorError ${CoordinatorErrorCode}`
  | `StoreError ${StoreErrorCode}`
  | `LedgerError ${LedgerErrorCode}`;

interface Advice {
  readonly code: CliErrorCode;
  /** Empty where the message says what to do. */
  readonly hint: string;
}

const restore = "Restore the data directory from a backup, and find out who changed it.";

const advice: ReadonlyMap<string, Advice> = new Map<KnownError, Advice>([
  ["ClientError bad-data", { code: "bad-data", hint: "Correct the data, or the plan's schema." }],
  ["ClientError unreadable", { code: "bad-data", hint: "Name data that exists and may be read." }],
  ["ClientError unreachable", { code: "unreachable", hint: "Check the coordinator's address." }],
  ["ClientError refused", { code: "refused", hint: "Ask the coordinator's operator." }],
  ["ClientError identity-in-use", { code: "refused", hint: "See --state-dir." }],
  ["ClientError unwritable", { code: "wrong-usage", hint: "Name another with --state-dir." }],
  ["ClientError bad-identity", { code: "failed", hint: "Restore the file, or enrol anew." }],
  ["ClientError bad-journal", { code: "failed", hint: "" }],
  ["CoordinatorError bad-config", { code: "wrong-usage", hint: "See --help." }],
  ["StoreError damaged", { code: "verification-failed", hint: restore }],
  ["LedgerError broken-chain", { code: "verification-failed", hint: restore }],
  ["LedgerError damaged-block", { code: "verification-failed", hint: restore }],
  ["LedgerError missing-chain", { code: "verification-failed", hint: restore }],
  ["LedgerError bad-address", { code: "wrong-usage", hint: "See --help." }],
  ["LedgerError unreachable", { code: "unreachable", hint: "Check the chain's address." }],
  ["LedgerError wrong-chain", { code: "failed", hint: "Check chain, contract and committer." }],
]);

/**
 * Any error as what the person at the terminal needs: what was wrong, and what to do. `signal`: the one that asks the command
 * to stop; what fails on the way out, when something that was open is closed, is told all the same.
 */
export function toCliError(thrown: unknown, signal: AbortSignal): CliError {
  const error = withoutInterruption(thrown, signal);
  if (error === undefined) return new CliError("interrupted", "interrupted", "");
  if (error instanceof CliError) return error;
  if (error instanceof CommanderError) return usageError(error);
  if (error instanceof PlanError)
    return new CliError("bad-plan", `the plan is refused: ${error.message}`, "Correct the plan.", {
      cause: error,
    });
  if (error instanceof Error && "code" in error) return codedError(error, error.code);
  return bug(error);
}

/** What remains of an error when the interruption is taken away: undefined when that was all. */
function withoutInterruption(error: unknown, signal: AbortSignal): unknown {
  if (!signal.aborted) return error;
  if (error instanceof SuppressedError) {
    return (
      withoutInterruption(error.error, signal) ?? withoutInterruption(error.suppressed, signal)
    );
  }
  return isInterruption(error, signal) ? undefined : error;
}

/** Whether an error says no more than that somebody asked to stop: Node wraps the signal's reason in an AbortError. */
function isInterruption(error: unknown, signal: AbortSignal): boolean {
  if (error === signal.reason) return true;
  if (!(error instanceof Error)) return false;
  return error.name === "AbortError" || isInterruption(error.cause, signal);
}

function usageError(error: CommanderError): CliError {
  const message = error.message.replace(/^error: /, "").replace(/\n/g, " ");
  return new CliError("wrong-usage", message, "See --help.", { cause: error });
}

/** Errors of packages and of the system; those without advice say in their message what to do. */
function codedError(error: Error, code: unknown): CliError {
  const known = advice.get(`${error.name} ${code}`) ?? { code: "failed", hint: "" };
  return new CliError(known.code, error.message, known.hint, { cause: error });
}

function bug(error: unknown): CliError {
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return new CliError("failed", `this should not happen: ${text}`, "Please report it.", {
    cause: error,
  });
}
