import { mkdir, writeFile } from "node:fs/promises";
import { availableParallelism, cpus, loadavg } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { formatBytes, formatTable } from "@chorus/cli";
import { benchMasking, type MaskingCosts } from "./masking.ts";
import { benchRounds, type RoundCosts } from "./round.ts";

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
line(
  "Masking 1,000,000 parameters among 10 participants, synthetic updates, CPU seconds; plain FedAvg beside it",
);
const masking = [0, 1, 3].map((dropouts) =>
  benchMasking({ participants: 10, parameters: 1_000_000, dropouts }),
);
line(maskingTable(masking));
const file = await save({ node: process.version, rounds, masking });
line(`\nwritten to ${file}`);

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

function maskingTable(costs: readonly MaskingCosts[]): string {
  const columns = [
    "lost",
    "participant",
    "coordinator",
    "plain FedAvg",
    "sent",
    "sent by FedAvg",
    "largest error",
  ].map((title) => ({ title, align: "right" as const }));
  const rows = costs.map((cost) => [
    String(cost.dropouts),
    seconds(cost.participantCpuSeconds),
    seconds(cost.coordinatorCpuSeconds),
    seconds(cost.fedAvgCpuSeconds),
    formatBytes(cost.sentBytes),
    formatBytes(cost.fedAvgSentBytes),
    cost.largestError.toExponential(1),
  ]);
  return formatTable(columns, rows);
}

async function save(results: object): Promise<string> {
  const folder = join(fileURLToPath(new URL("../..", import.meta.url)), "runs");
  await mkdir(folder, { recursive: true });
  const file = join(folder, "bench.json");
  await writeFile(file, `${JSON.stringify(results, null, 2)}\n`);
  return file;
}
