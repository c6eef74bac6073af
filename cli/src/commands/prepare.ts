import { readFile } from "node:fs/promises";
import { parseTemplate } from "@chorus/aggregation";
import type { Command } from "commander";
import { CliError } from "../cli-error.ts";
import type { CommandContext } from "../context.ts";
import { Operator } from "../operator/operator.ts";
import { requireFree, writePlan } from "../prepare/plan-file.ts";
import { type PreparationWatcher, prepare } from "../prepare/prepare.ts";
import { formatPreparation } from "../prepare/prepared-text.ts";
import type { Terminal } from "../terminal/terminal.ts";
import {
  coordinatorChoice,
  type OperatorOptions,
  withCommonOptions,
  withCoordinatorOptions,
} from "./help.ts";
import { formatEvent, formatSummary } from "./run-text.ts";

interface PrepareOptions extends OperatorOptions {
  readonly out: string;
  readonly force: boolean;
  readonly run?: string;
}

/** Adds `prepare`. */
export function addPrepare(parent: Command, context: CommandContext): void {
  const command = parent
    .command("prepare <template.json>")
    .summary("make a plan of a template, with statistics through the private sum")
    .description(
      "make a plan of a template: means, scales and values to impute are found by a run of one round, in which every " +
        "site's statistics are masked as its updates are, and only the sum of all is opened. Interrupting does not stop " +
        "that run: go on later with --run",
    )
    .requiredOption("--out <plan.json>", "the file to write the plan to")
    .option("--force", "replace the file where it is there already", false)
    .option(
      "--run <run>",
      "read this statistics run instead of starting one: its id or the beginning",
    )
    .action((path: string, options: PrepareOptions) => prepareTemplate(path, options, context));
  withCoordinatorOptions(command);
  withCommonOptions(command, [
    "chorus prepare cli/plans/heart-disease.template.json --out plan.json",
    "chorus prepare template.json --out plan.json --run 3f2a91",
  ]);
}

async function prepareTemplate(
  path: string,
  options: PrepareOptions,
  { terminal, signal }: CommandContext,
): Promise<void> {
  const out = terminal(options.json);
  const template = parseTemplate(await readTemplate(path));
  const file = { path: options.out, force: options.force };
  await requireFree(file);
  using operator = await Operator.open(coordinatorChoice(options));
  const { run } = options;
  const chosen = run === undefined ? {} : { runPrefix: run };
  const preparation = await prepare(
    operator,
    template,
    { ...chosen, watcher: watcherOn(out) },
    signal,
  );
  await writePlan(file, preparation.plan);
  out.show({ kind: "prepared", out: options.out, ...preparation }, (prepared) =>
    formatPreparation(prepared, options.out),
  );
}

/** Shows what happens as `run start --watch` does. */
function watcherOn(out: Terminal): PreparationWatcher {
  return {
    onStart: (run) => out.show(run, formatSummary),
    onEvent: (event) => out.show(event, formatEvent),
  };
}

async function readTemplate(path: string): Promise<string> {
  return await readFile(path, "utf8").catch((cause: unknown) => {
    throw new CliError(
      "bad-plan",
      `cannot read the template ${path}`,
      "Name a file that exists and may be read.",
      { cause },
    );
  });
}
