import { setTimeout as sleep } from "node:timers/promises";
import { systemRandom } from "@chorus/aggregation";
import type { Command } from "commander";
import type { CommandContext } from "../context.ts";
import { createLogger } from "../terminal/logger.ts";
import { requireWritableFolder } from "../writable-folder.ts";
import { type BackendOptions, withBackendOption } from "./backend-option.ts";
import { configurationText } from "./coordinator-serve.ts";
import { type LogOptions, withCommonOptions, withLogOptions } from "./help.ts";
import { addressOption, countOption, nameOption, survivorsOption } from "./option-values.ts";

interface ParticipantOptions extends LogOptions, BackendOptions {
  readonly coordinator: string;
  readonly name: string;
  readonly data: string;
  readonly dataMemory?: number;
  readonly stateDir: string;
  readonly invitationFile?: string;
  readonly minSurvivors: number;
  readonly repeatStatistics: boolean;
}

/** Adds `participant run`. */
export function addParticipantRun(parent: Command, context: CommandContext): void {
  const command = parent
    .command("run")
    .description("train on this site's data for a coordinator until interrupted")
    .requiredOption("--name <name>", "this organisation's name, 1 to 64 characters", nameOption)
    .requiredOption(
      "--data <path>",
      "a CSV or NDJSON file, or a folder with images or IDX files; never leaves this machine",
    )
    .option(
      "--data-memory <MB>",
      "data beyond this go to a file in --state-dir; default: a quarter of the free memory",
      countOption,
    )
    .option(
      "--coordinator <host:port>",
      "the coordinator's address",
      addressOption,
      "127.0.0.1:7070",
    )
    .option("--state-dir <folder>", "this site's identity key and models", "chorus-participant")
    .option("--invitation-file <file>", "the federation's invitation; needed once, to enrol")
    .option(
      "--min-survivors <count>",
      "smallest sum that this site takes part in",
      survivorsOption,
      3,
    )
    .option(
      "--repeat-statistics",
      "answer a statistics run for columns that another run was answered for: two sums over almost the same sites differ by " +
        "one site's statistics, which is why this site refuses otherwise",
      false,
    )
    .action((options: ParticipantOptions) => participate(options, context));
  withBackendOption(command);
  withLogOptions(command);
  withCommonOptions(command, [
    "chorus participant run --name cleveland --data cleveland.csv --invitation-file chorus-data/invitation",
  ]);
}

async function participate(options: ParticipantOptions, context: CommandContext): Promise<void> {
  const { signal, stderr } = context;
  const isHuman = !options.json && stderr.isTTY === true;
  const log = createLogger(stderr, { level: options.logLevel, isHuman });
  context
    .terminal(options.json)
    .show({ event: "configuration", ...options }, () => configurationText(options));
  await requireWritableFolder("--state-dir", options.stateDir);
  const { runParticipant } = await import("@chorus/client");
  await runParticipant(
    {
      coordinator: options.coordinator,
      name: options.name,
      dataPath: options.data,
      stateDirectory: options.stateDir,
      ...(options.dataMemory === undefined ? {} : { dataMemoryBytes: options.dataMemory * 1e6 }),
      ...(options.invitationFile === undefined ? {} : { invitationFile: options.invitationFile }),
      floors: { minSurvivors: options.minSurvivors },
      repeatStatistics: options.repeatStatistics,
      ...(options.backend === undefined ? {} : { backend: options.backend }),
    },
    {
      log,
      sleep: (ms, until) => sleep(ms, undefined, { signal: until }),
      random: systemRandom,
    },
    signal,
  );
}
