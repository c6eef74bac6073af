import type { Command } from "commander";
import type { CommandContext } from "../context.ts";
import { Operator } from "../operator/operator.ts";
import {
  coordinatorChoice,
  type OperatorOptions,
  withCommonOptions,
  withCoordinatorOptions,
} from "./help.ts";
import { formatRuns } from "./run-text.ts";

/** Adds `run ls`. */
export function addRunList(parent: Command, { terminal, signal }: CommandContext): void {
  const command = parent
    .command("ls")
    .description("list all runs, newest first")
    .action(async (options: OperatorOptions) => {
      using operator = await Operator.open(coordinatorChoice(options));
      terminal(options.json).show(await operator.listRuns(signal), formatRuns);
    });
  withCoordinatorOptions(command);
  withCommonOptions(command, ["chorus run ls", "chorus run ls --json | jq -r .[0].runId"]);
}
