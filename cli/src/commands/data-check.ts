import { type Plan, parsePlan } from "@chorus/aggregation";
import type { Survey } from "@chorus/client";
import type { Command } from "commander";
import { CliError } from "../cli-error.ts";
import type { CommandContext } from "../context.ts";
import { formatSurvey } from "../data/survey-text.ts";
import { readPlanText } from "../read-plan.ts";
import { formatCount } from "../terminal/format.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { type CommonOptions, withCommonOptions } from "./help.ts";
import { countOption } from "./option-values.ts";

interface CheckOptions extends CommonOptions {
  readonly plan: string;
  readonly data: string;
  readonly maxProblems: number;
}

/** Adds `data check`. */
export function addDataCheck(parent: Command, context: CommandContext): void {
  const command = parent
    .command("check")
    .summary("read a site's data as a participant would, and tell what they are like")
    .description(
      "read a site's data as a participant would, and tell what they are like: examples, rows left out, each column's range and " +
        "missing values, classes, what is odd, and problems with file, row and column. All of it stays on this machine. " +
        "Exit code 2 when a participant would refuse the data",
    )
    .requiredOption("--plan <plan.json>", "the plan that says what the data mean")
    .requiredOption(
      "--data <path>",
      "a CSV or NDJSON file, or a folder with images or IDX files, as the plan says",
    )
    .option("--max-problems <count>", "problems after which the reading ends", countOption, 20)
    .action((options: CheckOptions) => check(options, context));
  withCommonOptions(command, [
    "chorus data check --plan cli/plans/heart-disease.json --data cleveland.csv",
    "chorus data check --plan plan.json --data scans/ --max-problems 100 --json",
  ]);
}

async function check(options: CheckOptions, context: CommandContext): Promise<void> {
  const out = context.terminal(options.json);
  const plan = parsePlan(await readPlanText(options.plan));
  const survey = await surveyWithProgress(plan, options, out, context.signal);
  const { data: path } = options;
  out.show({ plan: plan.name, format: plan.data.format, path, survey }, formatSurvey);
  const { problems } = survey;
  if (problems.length > 0) {
    const count = `${problems.length} ${problems.length === 1 ? "problem" : "problems"}`;
    throw new CliError(
      "bad-data",
      `a participant would refuse ${path}: ${count}`,
      "Correct the data, or the plan's schema.",
    );
  }
  out.tell("\nA participant would train on these data.");
}

async function surveyWithProgress(
  plan: Plan,
  { data, maxProblems }: CheckOptions,
  out: Terminal,
  signal: AbortSignal,
): Promise<Survey> {
  const { surveyData } = await import("@chorus/client");
  using region = out.live();
  const progress = (examples: number, all: number | undefined): void =>
    region.update(
      `read ${formatCount(examples)}${all === undefined ? "" : ` of ${formatCount(all)}`} examples`,
    );
  return await surveyData(data, plan, { maxProblems, progress }, signal);
}
