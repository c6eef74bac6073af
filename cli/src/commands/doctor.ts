import { fileURLToPath } from "node:url";
import { parsePlan } from "@chorus/aggregation";
import { type Command, Option } from "commander";
import { CliError } from "../cli-error.ts";
import type { CommandContext } from "../context.ts";
import type { TrainingReport } from "../doctor/backends.ts";
import { formatTraining } from "../doctor/backends-table.ts";
import type { Check, Finding } from "../doctor/finding.ts";
import {
  checkAddress,
  checkClock,
  checkDataDirectory,
  checkDisk,
  checkMemory,
  checkNode,
} from "../doctor/machine.ts";
import { readPlanText } from "../read-plan.ts";
import { formatTable } from "../terminal/table.ts";
import { type BackendOptions, withBackendOption } from "./backend-option.ts";
import { type CommonOptions, withCommonOptions } from "./help.ts";

interface DoctorOptions extends CommonOptions, BackendOptions {
  readonly dataDir: string;
  readonly grpc: string;
  readonly http: string;
  readonly chainUrl?: string;
  readonly plan: string;
}

const demoPlan = fileURLToPath(new URL("../../plans/mnist.json", import.meta.url));

/** Adds `doctor`. */
export function addDoctor(parent: Command, context: CommandContext): void {
  const command = parent
    .command("doctor")
    .description("check whether this machine can run a coordinator and train; exit code 1 when not")
    .option("--data-dir <folder>", "a coordinator's data directory", "chorus-data")
    .option("--grpc <host:port>", "address for participants and operators", "127.0.0.1:7070")
    .option("--http <host:port>", "address for metrics, health and chain", "127.0.0.1:7071")
    .option("--chain-url <url>", "JSON-RPC of a chain elsewhere; default: the data directory's")
    .addOption(
      new Option("--plan <file>", "the plan whose training is measured").default(
        demoPlan,
        "the demo's",
      ),
    )
    .action((options: DoctorOptions) => examine(options, context));
  withBackendOption(command);
  withCommonOptions(command, [
    "chorus doctor",
    "chorus doctor --plan plan.json --backend webgpu",
    "chorus doctor --data-dir /srv/chorus --json",
    "chorus doctor --chain-url https://rpc.example.org/KEY",
  ]);
}

async function examine(options: DoctorOptions, context: CommandContext): Promise<void> {
  const plan = parsePlan(await readPlanText(options.plan));
  const { examineBackends, trainingFinding } = await import("../doctor/backends.ts");
  const { ChildProbe } = await import("@chorus/client");
  const { checkChain } = await import("../doctor/chain.ts");
  const checks: readonly Check[] = [
    async () => checkNode(process.versions.node),
    async () => checkClock(Date.now()),
    async () => checkMemory(process.availableMemory()),
    checkDisk("."),
    checkDataDirectory(options.dataDir),
    checkAddress("gRPC address", options.grpc),
    checkAddress("HTTP address", options.http),
    checkChain(options.chainUrl, options.dataDir),
  ];
  const findings: Finding[] = [];
  for (const check of checks) findings.push(await check(context.signal));
  const training = await examineBackends(plan, options.backend, new ChildProbe(), context.signal);
  findings.push(trainingFinding(training));
  context.terminal(options.json).show({ checks: findings, training }, formatExamination);
  const failed = findings.filter(({ status }) => status === "fail");
  if (failed.length > 0)
    throw new CliError(
      "unhealthy",
      `${failed.length} ${failed.length === 1 ? "check" : "checks"} failed: ${failed.map(({ check }) => check).join(", ")}`,
      "Follow the advice in the table.",
    );
}

/** All that was found. */
interface Examination {
  readonly checks: readonly Finding[];
  readonly training: TrainingReport;
}

function formatExamination({ checks, training }: Examination): string {
  return [formatFindings(checks), "", formatTraining(training)].join("\n");
}

function formatFindings(findings: readonly Finding[]): string {
  const table = formatTable(
    [{ title: "check" }, { title: "" }, { title: "found" }],
    findings.map(({ check, status, found }) => [check, status.toUpperCase(), found]),
  );
  const advice = findings
    .filter((finding) => finding.advice !== "")
    .map((finding) => `${finding.check}: ${finding.advice}`);
  return [table, ...(advice.length === 0 ? [] : ["", ...advice])].join("\n");
}
