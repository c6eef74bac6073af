import type { Hash } from "@chorus/aggregation";
import type { Command } from "commander";
import type { CommandContext } from "../context.ts";
import { findRun, Operator } from "../operator/operator.ts";
import type { ExplainedRun } from "../operator/run.ts";
import {
  coordinatorChoice,
  type OperatorOptions,
  withCommonOptions,
  withCoordinatorOptions,
} from "./help.ts";
import { formatExplanation, formatRun, formatSummary } from "./run-text.ts";

/** A command that asks one thing of one run. */
interface RunCommand<Answer> {
  readonly name: string;
  readonly description: string;
  readonly example: string;
  ask(operator: Operator, runId: Hash, signal: AbortSignal): Promise<Answer>;
  describe(answer: Answer): string;
}

/** Adds `run show`, `run why` and `run stop`. */
export function addRunCommands(parent: Command, context: CommandContext): void {
  addRunCommand(parent, context, {
    name: "show",
    description: "show a run, its rounds, and what it waits for",
    example: "chorus run show 3f2a91",
    ask: showRun,
    describe: formatRun,
  });
  addRunCommand(parent, context, {
    name: "why",
    description: "explain what a run waits for, and until when",
    example: "chorus run why 3f2a91",
    ask: (operator, runId, signal) => operator.explainRun(runId, signal),
    describe: formatExplanation,
  });
  addRunCommand(parent, context, {
    name: "stop",
    description: "end a run; its present round is abandoned, what was committed stays",
    example: "chorus run stop 3f2a91",
    ask: (operator, runId, signal) => operator.stopRun(runId, signal),
    describe: formatSummary,
  });
}

async function showRun(
  operator: Operator,
  runId: Hash,
  signal: AbortSignal,
): Promise<ExplainedRun> {
  const report = await operator.getRun(runId, signal);
  return { ...report, explanation: await operator.explainRun(runId, signal) };
}

function addRunCommand<Answer>(
  parent: Command,
  { terminal, signal }: CommandContext,
  { name, description, example, ask, describe }: RunCommand<Answer>,
): void {
  const command = parent
    .command(`${name} <run>`)
    .description(`${description}; <run>: the run's id or the beginning of it`)
    .action(async (prefix: string, options: OperatorOptions) => {
      using operator = await Operator.open(coordinatorChoice(options));
      const run = await findRun(operator, prefix, signal);
      terminal(options.json).show(await ask(operator, run.runId, signal), describe);
    });
  withCoordinatorOptions(command);
  withCommonOptions(command, [example, `${example} --json`]);
}
