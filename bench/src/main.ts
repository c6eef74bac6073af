import { mkdir, writeFile } from "node:fs/promises";
import { availableParallelism, cpus, loadavg } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { formatBytes, formatTable } from "@chorus/cli";
import { benchKernels } from "./masking/kernel-speed.ts";
import { kernelTable, maskingTable } from "./masking/tables.ts";
import { benchSideBySide, type MaskingRound } from "./masking.ts";
import { benchRounds, type RoundCosts } from "./round.ts";
import { printTraining } from "./training/print-training.ts";

// "training": how fast sites train, and nothing else.
if (process.argv[2] === "training") await printTraining().then(() => process.exit());

// --large: rounds of 100 participants as well, which take minutes.
const { values } = parseArgs({ options: { large: { type: "boolean", default: false } } });
const signal = AbortSignal.timeout(600_000);
const line = (text = ""): boolean => process.stdout.write(`${text}\n`);
const seconds = (value: number): string => value.toFixed(3);

line(`Node ${process.version}, ${availableParallelism()} × ${cpus()[0]?.model ?? "unknown CPU"}`);
line(
  `load ${loadavg()[0]?.toFixed(1)} at the start: on a busy machine compare ratios, not seconds`,
);
line();
line("One round of the demo's model, real data, everything in one process");
const rounds = await benchRounds(5, signal);
line(roundTable(rounds));
line();
line("What masking spends its time on, with kernels in TypeScript alone and in WebAssembly");
const kernels = benchKernels(9);
line(kernelTable(kernels));
line();
line("Masking 1,000,000 parameters, synthetic updates, CPU seconds; plain FedAvg beside it");
const masking = [0, 1, 3].map((dropouts) => benchSideBySide(roundOf(10, dropouts), 5));
if (values.large) {
  masking.push(...[0, 10, 30].map((dropouts) => benchSideBySide(roundOf(100, dropouts), 1)));
}
line(maskingTable(masking));
const file = await save({ node: process.version, rounds, kernels, masking });
line(`\nwritten to ${file}`);

function roundOf(participants: number, dropouts: number): MaskingRound {
  return { participants, parameters: 1_000_000, dropouts };
}

function roundTable(costs: RoundCosts): string {
  const rows = [
    ["participants", String(costs.participants)],
    ["parameters", String(costs.parameters)],
    ["seconds a round", seconds(costs.secondsPerRound)],
    ["  training (four on one core)", seconds(costs.trainingSeconds)],
    ["  masked exchange", seconds(costs.exchangeSeconds)],
    ["a participant sends", formatBytes(costs.sentBytes)],
    ["a participant receives", formatBytes(costs.receivedBytes)],
    ["float32 model, for comparison", formatBytes(4 * costs.parameters)],
  ];
  return formatTable([{ title: "what" }, { title: "mean", align: "right" }], rows);
}

async function save(results: object): Promise<string> {
  const folder = join(fileURLToPath(new URL("../..", import.meta.url)), "runs");
  await mkdir(folder, { recursive: true });
  const file = join(folder, "bench.json");
  await writeFile(file, `${JSON.stringify(results, null, 2)}\n`);
  return file;
}
