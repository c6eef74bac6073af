import { fileURLToPath } from "node:url";
import { type Command, Option } from "commander";
import type { CommandContext } from "../context.ts";
import type { ProtectionChoice } from "../demo/protected-plan.ts";
import type { FinishedDemo } from "../demo/run-demo.ts";
import { demoSettings } from "../demo/settings.ts";
import { formatProtection } from "../protection-text.ts";
import {
  formatBytes,
  formatCount,
  formatDuration,
  formatShare,
  shortHash,
} from "../terminal/format.ts";
import { formatTable } from "../terminal/table.ts";
import { requireWritableFolder } from "../writable-folder.ts";
import { type CommonOptions, withCommonOptions } from "./help.ts";

const defaultPlan = fileURLToPath(new URL("../../plans/mnist.json", import.meta.url));

const valueBitsChoices = { "8": 8, "15": 15, "16": 16 } as const;

interface DemoCommandOptions extends CommonOptions {
  readonly runsDir: string;
  readonly plan?: string;
  readonly protection?: NonNullable<ProtectionChoice["protection"]>;
  readonly valueBits?: keyof typeof valueBitsChoices;
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
    .addOption(
      new Option(
        "--protection <kind>",
        "masking: the coordinator learns the sum of all updates, and the model; he: neither, only the participants do; " +
          "default: the plan's, masking in cli/plans/mnist.json",
      ).choices(["masking", "he"]),
    )
    .addOption(
      new Option(
        "--value-bits <bits>",
        "with --protection he, bits that each parameter of an update is rounded to; default: the plan's, or 8",
      ).choices(Object.keys(valueBitsChoices)),
    )
    .action((options: DemoCommandOptions) => demo(options, context));
  withCommonOptions(command, [
    "chorus demo",
    "chorus demo --protection he",
    "chorus demo --protection he --value-bits 15 --json | jq .result.accuracy",
  ]);
}

async function demo(options: DemoCommandOptions, context: CommandContext): Promise<void> {
  const terminal = context.terminal(options.json);
  await requireWritableFolder("--runs-dir", options.runsDir);
  const { runDemo } = await import("../demo/run-demo.ts");
  const { runsDir, plan = defaultPlan, protection, valueBits } = options;
  const finished = await runDemo(
    {
      runsDirectory: runsDir,
      planPath: plan,
      protection: { protection, valueBits: valueBits && valueBitsChoices[valueBits] },
      settings: demoSettings,
    },
    { terminal, mainPath: context.mainPath, now: Date.now },
    context.signal,
  );
  terminal.show(finished, formatFinished);
}

/** The demo's last words. */
function formatFinished({ result, reportPath, dataDirectory, modelPath }: FinishedDemo): string {
  const { accuracy, participants, interruption } = result;
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
    verificationLine(result),
    `Updates travelled under ${formatProtection(result.protection)}; all messages of all rounds: ${formatBytes(totalBytes(result))}.`,
    `Took ${formatDuration(result.wallMs)}.`,
    "",
    ...(modelPath === undefined
      ? []
      : [`The model, which the coordinator does not have: ${modelPath}`]),
    `Report with plots: ${reportPath}`,
    `Verify it again: npm run chorus -- verify ${shortHash(result.runId)} --data-dir ${dataDirectory}`,
  ];
  return lines.join("\n");
}

function verificationLine({ verification, protection }: FinishedDemo["result"]): string {
  const { rounds, models } = verification;
  const what =
    protection.kind === "he"
      ? `${models} models that enough participants signed`
      : `${models} models recomputed`;
  return `Verified: ${rounds} rounds on the chain, ${what}.`;
}

function totalBytes({ rounds }: FinishedDemo["result"]): number {
  return rounds.reduce((sum, round) => sum + round.receivedBytes + round.sentBytes, 0);
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
