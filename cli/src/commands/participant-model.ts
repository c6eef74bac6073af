import type { Command } from "commander";
import type { CommandContext } from "../context.ts";
import type { WrittenModel } from "../participant/newest-model.ts";
import { formatBytes, formatCount } from "../terminal/format.ts";
import { createLogger } from "../terminal/logger.ts";
import { formatFields } from "../terminal/table.ts";
import { type CommonOptions, withCommonOptions } from "./help.ts";
import { countOption } from "./option-values.ts";

interface ModelOptions extends CommonOptions {
  readonly stateDir: string;
  readonly run?: string;
  readonly round?: number;
  readonly output: string;
}

/** Adds `participant model`. */
export function addParticipantModel(parent: Command, context: CommandContext): void {
  const command = parent
    .command("model")
    .summary("write the newest model of an encrypted run to a file")
    .description(
      "write the newest model of an encrypted run to a file: participants keep these models, the coordinator does not have " +
        "them. The file is little-endian float32, one parameter after the other, as a coordinator's model files are. The model hash " +
        "that is printed is that of `chorus run show` and of the chain: over layout and values, not the file's SHA-256",
    )
    .option(
      "--state-dir <folder>",
      "the participant's, which may run meanwhile",
      "chorus-participant",
    )
    .option("--run <run>", "the run's id or the beginning of it; needed where there are several")
    .option(
      "--round <round>",
      "the round that made it, where its model is kept; by default the last that is known to be completed",
      countOption,
    )
    .requiredOption("--output <file>", "where the model is written; replaced if it is there")
    .action((options: ModelOptions) => writeModel(options, context));
  withCommonOptions(command, [
    "chorus participant model --output model.f32",
    "chorus participant model --state-dir cleveland --run 3f2a91 --output model.f32 --json",
  ]);
}

async function writeModel(options: ModelOptions, context: CommandContext): Promise<void> {
  const { stderr } = context;
  const isHuman = !options.json && stderr.isTTY === true;
  const log = createLogger(stderr, { level: "warn", isHuman });
  const { writeNewestModel } = await import("../participant/newest-model.ts");
  const { stateDir: stateDirectory, run, round, output } = options;
  const written = await writeNewestModel({ stateDirectory, run, round, output }, log);
  context.terminal(options.json).show(written, formatWritten);
}

function formatWritten(written: WrittenModel): string {
  const { parameters, bytes, isCommitted, laterRound } = written;
  const standing = isCommitted ? "completed" : "not known here to be completed";
  return formatFields([
    ["run", `${written.runId} (${written.planName})`],
    ["round", `${written.round}, ${standing}`],
    ["model", written.modelHash],
    ["written", `${written.output}: ${formatCount(parameters)} parameters, ${formatBytes(bytes)}`],
    ...(laterRound === null ? [] : [["later", laterText(laterRound)] as const]),
  ]);
}

function laterText(round: number): string {
  return `a model of round ${round} is kept too, which is not known here to be completed: --round ${round} writes that one`;
}
