import { type Command, Option } from "commander";
import type { CoordinatorChoice } from "../operator/connection.ts";
import { type LogLevel, logLevels } from "../terminal/logger.ts";

/** What every command takes. */
export interface CommonOptions {
  readonly json: boolean;
}

/** What commands that ask a coordinator take. */
export interface OperatorOptions extends CommonOptions {
  readonly dataDir: string;
  readonly coordinator?: string;
  readonly tokenFile?: string;
}

/** What commands that log take. */
export interface LogOptions extends CommonOptions {
  readonly logLevel: LogLevel;
}

export const exitCodesHelp = `
Exit codes:
  0    done
  1    failed; the message says why and what to do
  2    wrong usage or bad input (options, plan, data)
  3    no coordinator is running there, or it cannot be reached
  4    verification failed: something differs from what was committed
  130  interrupted
`;

/** Adds --json and the examples that the command's help shows. */
export function withCommonOptions(command: Command, examples: readonly string[]): Command {
  const lines = examples.map((example) => `  $ ${example}`).join("\n");
  return command
    .option("--json", "print the result as JSON: one document, or one a line for a stream", false)
    .addHelpText("after", `\nExamples:\n${lines}\n${exitCodesHelp}`);
}

/** Adds the options that choose a coordinator. */
export function withCoordinatorOptions(command: Command): Command {
  return command
    .option("--data-dir <folder>", "data directory of a coordinator on this machine", "chorus-data")
    .option("--coordinator <host:port>", "a coordinator elsewhere; needs --token-file")
    .option("--token-file <file>", "the operator's token; default: that of the data directory");
}

/** Adds --log-level. */
export function withLogOptions(command: Command): Command {
  return command.addOption(
    new Option("--log-level <level>", "least severity that is logged")
      .choices(logLevels)
      .default("info"),
  );
}

/** The coordinator that the options choose. */
export function coordinatorChoice(options: OperatorOptions): CoordinatorChoice {
  return {
    dataDirectory: options.dataDir,
    coordinator: options.coordinator,
    tokenFile: options.tokenFile,
  };
}
