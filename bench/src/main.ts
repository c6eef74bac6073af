import { mkdir, writeFile } from "node:fs/promises";
import { availableParallelism, cpus, loadavg } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { formatBytes, formatTable } from "@chorus/cli";
import { benchFlower, flowerTable } from "./flower/bench-flower.ts";
import { printHe } from "./he/print-he.ts";
import { againstBudgets, budgetTable } from "./masking/budgets.ts";
import { benchKernels } from "./masking/kernel-speed.ts";
import { type HeldMemory, heldMemory, maskingMemory } from "./masking/memory.ts";
import { kernelTable, maskingTable, memoryTable } from "./masking/tables.ts";
import { benchSideBySide, type MaskingRound } from "./masking.ts";
import { benchOptions } from "./options.ts";
import { printProtections } from "./protections/print-protections.ts";
import { benchRounds, type RoundCosts } from "./round.ts";
import { printTraining } from "./training/print-training.ts";

// How fast sites train, or how well, and nothing else.
const [command = ""] = process.argv.slice(2);
if (["training", "accuracy"].includes(command)) {
  process.exit(await printTraining(process.argv.slice(2)));
}

// How well models do under each protection, and nothing else.
if (command === "protections") process.exit(await printProtections(process.argv.slice(3)));

// "he": what homomorphic encryption costs, and nothing else.
if (process.argv[2] === "he") {
  const hold = await printHe();
  process.exit(hold || !process.argv.includes("--strict") ? 0 : 1);
}

const options = benchOptions();
const signal = AbortSignal.timeout(1_800_000);
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
if (options.large) {
  masking.push(...[0, 10, 30].map((dropouts) => benchSideBySide(roundOf(100, dropouts), 1)));
}
line(maskingTable(masking));
const budgets = againstBudgets(
  masking.map(({ fast }) => fast),
  kernels.fast,
);
line();
line(budgetTable(budgets));
const memory = options.large ? await benchMemory() : undefined;
const flower = options.flower ? await benchFlower(options.python, signal) : undefined;
if (flower !== undefined) {
  const { flwr, numpy, python } = flower.flower.versions;
  line();
  line(`SecAgg+ of Flower ${flwr} (Python ${python}, numpy ${numpy}) and ours, CPU seconds`);
  line(flowerTable(flower));
}
const results = { rounds, kernels, masking, budgets, memory, flower };
const file = await save({ node: process.version, ...results });
line(`\nwritten to ${file}`);
if (options.strict && budgets.some(({ holds }) => !holds)) process.exitCode = 1;

function roundOf(participants: number, dropouts: number): MaskingRound {
  return { participants, parameters: 1_000_000, dropouts };
}

async function benchMemory(): Promise<object> {
  const held: HeldMemory[] = [];
  for (const participants of [10, 100]) held.push(await heldMemory(participants, 1_000_000));
  const masking = new Map<number, number>();
  for (const masks of [10, 100, 1000]) masking.set(masks, await maskingMemory(1_000_000, masks));
  line();
  line("Memory, 1,000,000 parameters");
  line(memoryTable(held, masking));
  return { held, masking: Object.fromEntries(masking) };
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
