import { PlanError } from "@chorus/aggregation";
import { LedgerError } from "@chorus/chain";
import { ClientError, type ClientErrorCode } from "@chorus/client";
import { CommanderError } from "commander";
import { CliError, type CliErrorCode } from "./cli-error.ts";

const clientCodes: ReadonlyMap<ClientErrorCode, { code: CliErrorCode; hint: string }> = new Map([
  ["bad-data", { code: "bad-data", hint: "Correct the data, or the plan's description of it." }],
  ["unreadable", { code: "bad-data", hint: "Name data that exists and may be read." }],
  [
    "unreachable",
    { code: "unreachable", hint: "Check the coordinator's address and that it runs." },
  ],
  ["refused", { code: "refused", hint: "Ask the coordinator's operator." }],
]);

/** Any error as what the person at the terminal needs: what was wrong, and what to do. */
export function toCliError(error: unknown, signal: AbortSignal): CliError {
  if (error instanceof CliError) return error;
  if (signal.aborted) return new CliError("interrupted", "interrupted", "");
  if (error instanceof CommanderError) return usageError(error);
  if (error instanceof PlanError)
    return new CliError("bad-plan", `the plan is refused: ${error.message}`, "Correct the plan.", {
      cause: error,
    });
  if (error instanceof ClientError) {
    const known = clientCodes.get(error.code) ?? { code: "failed", hint: "See the log." };
    return new CliError(known.code, error.message, known.hint, { cause: error });
  }
  if (error instanceof LedgerError)
    return new CliError("failed", error.message, "Check the chain with `chorus verify`.", {
      cause: error,
    });
  return unknownError(error);
}

function usageError(error: CommanderError): CliError {
  const message = error.message.replace(/^error: /, "").replace(/\n/g, " ");
  return new CliError("wrong-usage", message, "See --help.", { cause: error });
}

/** Errors of other packages say what to do in their message; what has no code is a bug and shows its stack. */
function unknownError(error: unknown): CliError {
  if (error instanceof Error && "code" in error)
    return new CliError("failed", error.message, "", { cause: error });
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return new CliError("failed", `this should not happen: ${text}`, "Please report it.", {
    cause: error,
  });
}
