import { readFile } from "node:fs/promises";
import { parsePlan } from "@chorus/aggregation";
import type { Command } from "commander";
import { CliError } from "../cli-error.ts";
import type { CommandContext } from "../context.ts";
import type { Check, Finding } from "../doctor/finding.ts";
import {
  checkAddress,
  checkClock,
  checkDataDirectory,
  checkDisk,
  checkMemory,
  checkNode,
} from "../doctor/machine.ts";
import { formatTable } from "../terminal/table.ts";
import { type CommonOptions, withCommonOptions } from "./help.ts";

interface DoctorOptions extends CommonOptions {
  readonly dataDir: string;
  readonly grpc: string;
  readonly http: string;
  readonly chainUrl?: string;
}

const planUrl = new URL("../../plans/mnist.json", import.meta.url);

/** Adds `doctor`. */
export function addDoctor(parent: Command, context: CommandContext): void {
  const command = parent
    .command("doctor")
    .description("check whether this machine can run a coordinator and train; exit code 1 when not")
    .option("--data-dir <folder>", "a coordinator's data directory", "chorus-data")
    .option("--grpc <host:port>", "address for participants and operators", "127.0.0.1:7070")
    .option("--http <host:port>", "address for metrics, health and chain", "127.0.0.1:7071")
    .option("--chain-url <url>", "JSON-RPC of a chain elsewhere; default: the data directory's")
    .action((options: DoctorOptions) => examine(options, context));
  withCommonOptions(command, [
    "chorus doctor",
    "chorus doctor --data-dir /srv/chorus --json",
    "chorus doctor --chain-url https://rpc.example.org/KEY",
  ]);
}

async function examine(options: DoctorOptions, context: CommandContext): Promise<void> {
  const { checkTraining } = await import("../doctor/backend.ts");
  const { checkChain } = await import("../doctor/chain.ts");
  const plan = parsePlan(await readFile(planUrl, "utf8"));
  const checks: readonly Check[] = [
    async () => checkNode(process.versions.node),
    async () => checkClock(Date.now()),
    async () => checkMemory(process.availableMemory()),
    checkDisk("."),
    checkDataDirectory(options.dataDir),
    checkAddress("gRPC address", options.grpc),
    checkAddress("HTTP address", options.http),
    checkChain(options.chainUrl, options.dataDir),
    checkTraining(plan),
  ];
  const findings: Finding[] = [];
  for (const check of checks) findings.push(await check(context.signal));
  context.terminal(options.json).show(findings, formatFindings);
  const failed = findings.filter(({ status }) => status === "fail");
  if (failed.length > 0)
    throw new CliError(
      "unhealthy",
      `${failed.length} ${failed.length === 1 ? "check" : "checks"} failed: ${failed.map(({ check }) => check).join(", ")}`,
      "Follow the advice in the table.",
    );
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
