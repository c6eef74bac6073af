import { type ServiceError, status } from "@grpc/grpc-js";
import { CliError, type CliErrorCode } from "../cli-error.ts";

interface Advice {
  readonly code: CliErrorCode;
  readonly hint: string;
}

const advice: ReadonlyMap<status, Advice> = new Map([
  [
    status.UNAVAILABLE,
    {
      code: "unreachable",
      hint: "Check that it runs and that this machine can reach its address; `chorus doctor` helps.",
    },
  ],
  [
    status.DEADLINE_EXCEEDED,
    {
      code: "timed-out",
      hint: "Look at the coordinator's log; it may be overloaded. Then try again.",
    },
  ],
  [
    status.UNAUTHENTICATED,
    {
      code: "refused",
      hint: "Use the file operator-token of this very coordinator's data directory (--token-file).",
    },
  ],
  [
    status.PERMISSION_DENIED,
    { code: "refused", hint: "Use the token of an operator, not that of a participant." },
  ],
  [status.NOT_FOUND, { code: "unknown-run", hint: "List the runs with `chorus run ls`." }],
  [status.INVALID_ARGUMENT, { code: "bad-plan", hint: "Correct it and try again." }],
  [
    status.FAILED_PRECONDITION,
    { code: "refused", hint: "See the run's state with `chorus run show`." },
  ],
]);

const otherwise: Advice = { code: "failed", hint: "Look at the coordinator's log." };

/** What a failed call means to the person who asked. `address`: the coordinator's. */
export function errorFromStatus(error: ServiceError, address: string): CliError {
  const { code, hint } = advice.get(error.code) ?? otherwise;
  const message =
    code === "unreachable"
      ? `cannot reach a coordinator at ${address}`
      : code === "timed-out"
        ? `the coordinator at ${address} did not answer in time`
        : `the coordinator refused: ${error.details}`;
  return new CliError(code, message, hint, { cause: error });
}
