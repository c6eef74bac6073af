import { fileURLToPath } from "node:url";
import type { Command } from "commander";
import type { CommandContext } from "../context.ts";
import type { FinishedDemo } from "../demo/run-demo.ts";
import { demoSettings } from "../demo/settings.ts";
import { formatCount, formatDuration, formatShare, shortHash } from "../terminal/format.ts";
import { formatTable } from "../terminal/table.ts";
import { requireWritableFolder } from "../writable-folder.ts";
import { type CommonOptions, withCommonOptions } from "./help.ts";

const defaultPlan = fileURLToPath(new URL("../../plans/mnist.json", import.meta.url));

interface DemoCommandOptions extends CommonOptions {
  readonly runsDir: string;
  readonly plan?: string;
}

/** Adds `demo`. */
export function addDemo(parent: Command, context: CommandContext): void {
  const command = parent
    .command("demo")
    .description(
      "a whole federation on this machine in under two minutes: four participants, one killed in mid-round",
    )
    .option("--runs-dir <folder>", "where the report is written, in a folder of its own", "runs")
    .option("--plan <file>", "a plan for digits; default: cli/plans/mnist.json")
    .action((options: DemoCommandOptions) => demo(options, context));
  withCommonOptions(command, ["chorus demo", "chorus demo --json | jq .result.accuracy"]);
}

async function demo(options: DemoCommandOptions, context: CommandContext): Promise<void> {
  const terminal = context.terminal(options.json);
  await requireWritableFolder("--runs-dir", options.runsDir);
  const { runDemo } = await import("../demo/run-demo.ts");
  const finished = await runDemo(
    {
      runsDirectory: options.runsDir,
      planPath: options.plan ?? defaultPlan,
      settings: demoSettings,
    },
    { terminal, mainPath: context.mainPath, now: Date.now },
    context.signal,
  );
  terminal.show(finished, formatFinished);
}

/** The demo's last words. */
function formatFinished({ result, reportPath, dataDirectory }: FinishedDemo): string {
  const { accuracy, participants, interruption, verification } = result;
  const rows = [
    ["federated", formatShare(accuracy.federated)],
    ["centralised", formatShare(accuracy.centralised)],
    ...participants.map(({ name, aloneAccuracy }) => [`${name} alone`, formatShare(aloneAccuracy)]),
  ];
  const table = formatTable([{ title: "model" }, { title: "test accuracy", align: "right" }], rows);
  const lines = [
    `Each with ${formatCount(result.examplesSeen)} training examples seen:`,
    "",
    table,
    "",
    ...(interruption === undefined ? [] : [interruptionLine(interruption)]),
    `Verified: ${verification.rounds} rounds on the chain, ${verification.models} models recomputed.`,
    `Took ${formatDuration(result.wallMs)}.`,
    "",
    `Report with plots: ${reportPath}`,
    `Verify it again: npm run chorus -- verify ${shortHash(result.runId)} --data-dir ${dataDirectory}`,
  ];
  return lines.join("\n");
}

function interruptionLine(
  interruption: NonNullable<FinishedDemo["result"]["interruption"]>,
): string {
  const { participant, round, phase, survivors, participants, returnedInRound } = interruption;
  const back =
    returnedInRound === undefined
      ? ""
      : `, and ${participant} was back in round ${returnedInRound}`;
  return `${participant} was killed in round ${round} (${phase}); the round completed with ${survivors} of ${participants}${back}.`;
}
