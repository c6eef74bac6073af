import { type Command, Option } from "commander";
import type { CoordinatorChoice } from "../operator/connection.ts";
import { type LogLevel, logLevels } from "../terminal/logger.ts";
import { addressOption } from "./option-values.ts";

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
  2    wrong usage or bad input (options, folders, plan, data, a run that is not there)
  3    no coordinator is running there, or it cannot be reached
  4    verification failed: something differs from what was committed, or is missing
  5    verification holds so far, but the last rounds are not on the chain yet
  130  interrupted
`;

/** Adds what the help of a group of commands shows: an example, the way to more help, and the exit codes. */
export function withGroupHelp(group: Command, examples: readonly string[]): Command {
  return group.addHelpText(
    "after",
    `${examplesText(examples)}\nEach command has its own --help.\n${exitCodesHelp}`,
  );
}

/** Adds --json and the examples that the command's help shows. */
export function withCommonOptions(command: Command, examples: readonly string[]): Command {
  return command
    .option("--json", "print the result as JSON: one document, or one a line for a stream", false)
    .addHelpText("after", `${examplesText(examples)}${exitCodesHelp}`);
}

function examplesText(examples: readonly string[]): string {
  return `\nExamples:\n${examples.map((example) => `  $ ${example}\n`).join("")}`;
}

/** Adds the options that choose a coordinator. */
export function withCoordinatorOptions(command: Command): Command {
  return command
    .option("--data-dir <folder>", "data directory of a coordinator on this machine", "chorus-data")
    .option(
      "--coordinator <host:port>",
      "a coordinator elsewhere; needs --token-file",
      addressOption,
    )
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
