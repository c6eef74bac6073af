import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { Argument, type Command } from "commander";
import { CliError } from "../cli-error.ts";
import type { CommandContext } from "../context.ts";
import { type CommonOptions, withCommonOptions } from "./help.ts";

/** Measurements, with what `npm run bench` calls them and the file that they write. */
const measurements = {
  he: { args: ["he"], file: "bench-he.json" },
  protections: { args: ["protections"], file: "bench-protections.json" },
  training: { args: ["training"], file: "bench-training.json" },
  rounds: { args: [], file: "bench.json" },
} as const satisfies Record<string, { readonly args: readonly string[]; readonly file: string }>;

type Measurement = keyof typeof measurements;

interface BenchOptions extends CommonOptions {
  readonly strict: boolean;
}

/** Adds `bench`. */
export function addBench(parent: Command, context: CommandContext): void {
  const command = parent
    .command("bench")
    .summary("measure what things cost here, beside what others do")
    .description(
      "measure what things cost on this machine, beside what others do, print tables and write runs/bench*.json; minutes. " +
        "he: homomorphic encryption, CKKS as NVFLARE uses it, masking, plain float32. protections: accuracy without " +
        "protection, masked, encrypted. training: how fast a site trains. rounds: rounds and masking. `npm run bench -- " +
        "--help` has more",
    )
    .addArgument(new Argument("<measurement>").choices(Object.keys(measurements)))
    .option("--strict", "end with 1 where a budget is missed (he, training, rounds)", false)
    .action((measurement: Measurement, options: BenchOptions) =>
      bench(measurement, options, context),
    );
  withCommonOptions(command, [
    "chorus bench he",
    "chorus bench he --strict",
    "chorus bench protections --json | jq .",
  ]);
}

/** Tables go to stderr with --json, as the result is then the document that the measurement writes. */
async function bench(
  measurement: Measurement,
  { json, strict }: BenchOptions,
  { terminal, signal }: CommandContext,
): Promise<void> {
  const { args, file } = measurements[measurement];
  const script = fileURLToPath(new URL("../../../bench/src/main.ts", import.meta.url));
  const child = spawn(process.execPath, [script, ...args, ...(strict ? ["--strict"] : [])], {
    stdio: ["ignore", json ? process.stderr : "inherit", "inherit"],
    signal,
  });
  const [code] = await once(child, "exit", { signal });
  const hint = "What it printed says why: a budget that was missed with --strict, or an error.";
  if (code !== 0)
    throw new CliError("child-failed", `the measurement ended with code ${code}`, hint);
  if (!json) return;
  const result = new URL(`../../../runs/${file}`, import.meta.url);
  terminal(json).show(JSON.parse(await readFile(result, "utf8")), String);
}
