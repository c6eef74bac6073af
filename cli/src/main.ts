import { fileURLToPath } from "node:url";
import { CommanderError } from "commander";
import type { CliError } from "./cli-error.ts";
import type { CommandContext } from "./context.ts";
import { buildProgram } from "./program.ts";
import { Terminal } from "./terminal/terminal.ts";
import { toCliError } from "./to-cli-error.ts";

const { stdout, stderr } = process;
const stop = new AbortController();
const asJson = process.argv.includes("--json");

process.exitCode = await main(process.argv);

/** Runs one command and returns the exit code. */
async function main(argv: readonly string[]): Promise<number> {
  listenForStops();
  // Whoever read the output has gone: `chorus run ls | head`.
  stdout.once("error", () => process.exit(1));
  const context: CommandContext = {
    terminal: (isJson) => new Terminal({ stdout, stderr }, isJson),
    stderr,
    signal: stop.signal,
    mainPath: fileURLToPath(import.meta.url),
  };
  try {
    await buildProgram(context).parseAsync(argv);
    return 0;
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return 0;
    // No command was given: the help that was printed says all.
    if (error instanceof CommanderError && error.code === "commander.help") return 2;
    const told = toCliError(error, stop.signal);
    stderr.write(`${asJson ? jsonError(told) : textError(told)}\n`);
    return told.exitCode;
  }
}

/** The first signal asks the command to stop, a second one ends the process. So does the end of a chorus that started this one. */
function listenForStops(): void {
  const onStop = (): void => {
    if (stop.signal.aborted) process.exit(130);
    stop.abort(new Error("stopped by a signal"));
  };
  process.on("SIGINT", onStop).on("SIGTERM", onStop).on("SIGHUP", onStop);
  process.channel?.unref();
  process.once("disconnect", () =>
    stop.abort(new Error("the process that started this one ended")),
  );
}

function textError({ message, hint }: CliError): string {
  const sentence = /[.!?]$/.test(message) ? message : `${message}.`;
  return `chorus: ${sentence} ${hint}`.trimEnd();
}

function jsonError({ code, message, hint }: CliError): string {
  return JSON.stringify({ error: { code, message, hint } });
}
