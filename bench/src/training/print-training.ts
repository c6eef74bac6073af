import { mkdir, writeFile } from "node:fs/promises";
import { loadavg } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { benchTraining } from "./bench-training.ts";
import { trainingTable } from "./training-table.ts";

/** Measures training, prints the table and writes runs/bench-training.json: half a minute. */
export async function printTraining(): Promise<void> {
  const line = (text = ""): boolean => process.stdout.write(`${text}\n`);
  line(`Node ${process.version}, load ${loadavg()[0]?.toFixed(1)} at the start`);
  line(
    "One step of an MLP 784-200-10, 32 examples, gradient descent; CPU milliseconds, one thread",
  );
  const costs = await benchTraining(3, AbortSignal.timeout(600_000));
  line(trainingTable(costs));
  const folder = join(fileURLToPath(new URL("../../..", import.meta.url)), "runs");
  await mkdir(folder, { recursive: true });
  const file = join(folder, "bench-training.json");
  await writeFile(file, `${JSON.stringify(costs, null, 2)}\n`);
  line(`\nwritten to ${file}`);
}
