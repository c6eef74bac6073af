import { parseRunPlan } from "@chorus/aggregation";
import type { Command } from "commander";
import type { CliError } from "../cli-error.ts";
import type { CommandContext } from "../context.ts";
import { Operator } from "../operator/operator.ts";
import { readPlanText } from "../read-plan.ts";
import {
  coordinatorChoice,
  type OperatorOptions,
  withCommonOptions,
  withCoordinatorOptions,
} from "./help.ts";
import { formatEvent, formatStarted } from "./run-text.ts";

interface StartOptions extends OperatorOptions {
  readonly watch: boolean;
}

/** Adds `run start`. */
export function addRunStart(parent: Command, context: CommandContext): void {
  const command = parent
    .command("start <plan.json>")
    .description("start a run of a plan; it goes on by itself")
    .option(
      "--watch",
      "show what happens until the run ends; interrupting does not stop the run",
      false,
    )
    .action((planPath: string, options: StartOptions) => startRun(planPath, options, context));
  withCoordinatorOptions(command);
  withCommonOptions(command, [
    "chorus run start cli/plans/mnist.json --watch",
    "chorus run start plan.json --coordinator train.example.org:7070 --token-file operator-token",
  ]);
}

async function startRun(
  planPath: string,
  options: StartOptions,
  { terminal, signal }: CommandContext,
): Promise<void> {
  const out = terminal(options.json);
  const plan = await readPlan(planPath);
  using operator = await Operator.open(coordinatorChoice(options));
  const run = await operator.startRun(plan, signal);
  out.show(run, () => formatStarted({ run, plan }));
  if (!options.watch) return;
  for await (const event of operator.watchRun(run.runId, signal)) out.show(event, formatEvent);
}

/** The text of a plan that was checked. Throws {@link CliError} `bad-plan` or PlanError, which says what is wrong. */
async function readPlan(path: string): Promise<string> {
  const text = await readPlanText(path);
  parseRunPlan(text);
  return text;
}
