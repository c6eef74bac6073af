import { mkdir, writeFile } from "node:fs/promises";
import { loadavg } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { heParameters, NVFLARE_CKKS, Seal, SMALL_CKKS } from "@chorus/aggregation/he";
import { budgetTable } from "../masking/budgets.ts";
import { meanError } from "./accuracy.ts";
import { CkksWay } from "./ckks-way.ts";
import { measureWays, type Way } from "./he-costs.ts";
import { accuracyTable, againstHeBudgets, heTable } from "./he-tables.ts";
import { PackedWay } from "./packed-way.ts";
import { FloatWay, MaskingWay } from "./plain-ways.ts";
import { countWrongValues, type WrongValues } from "./wrong-values.ts";

/** Parameters of the updates that wrong values are looked for in. */
const WRONG_DIMENSION = 60_000;

/**
 * Measures homomorphic encryption beside what others do, prints tables and writes runs/bench-he.json: a minute. Resolves
 * with whether all budgets hold.
 */
export async function printHe(): Promise<boolean> {
  const line = (text = ""): boolean => process.stdout.write(`${text}\n`);
  line(`Node ${process.version}, load ${loadavg()[0]?.toFixed(1)} at the start`);
  using seal = await Seal.open();
  using bits8 = await PackedWay.open(8);
  using bits15 = await PackedWay.open(15);
  const ways: Way[] = [
    bits8,
    bits15,
    new CkksWay(seal, SMALL_CKKS, "CKKS 8192 {60}, seeded"),
    new CkksWay(seal, NVFLARE_CKKS, "CKKS 8192 {60,40,40}, public key (NVFLARE's)"),
    new MaskingWay(),
    new FloatWay(),
  ];
  line("1,000,000 parameters, one participant; CPU milliseconds, one thread; bytes a parameter");
  const costs = await measureWays(ways, 5);
  line(heTable(costs));
  const errors = [1, 0.1].flatMap((size) => [4, 50, 100].map((count) => meanError(count, size)));
  line();
  line("The demo's model, synthetic updates; shares of the mean's norm");
  line(accuracyTable(errors));
  const wrong: WrongValues[] = [];
  for (const set of [heParameters(8, 128), heParameters(15, 128), heParameters(16, 64)]) {
    wrong.push(await countWrongValues(set, WRONG_DIMENSION));
  }
  const [first] = costs;
  if (first === undefined) throw new Error("nothing was measured");
  const budgets = againstHeBudgets(first, wrong);
  line();
  line("8-bit values; CPU seconds for 1,000,000 parameters");
  line(budgetTable(budgets));
  const folder = join(fileURLToPath(new URL("../../..", import.meta.url)), "runs");
  await mkdir(folder, { recursive: true });
  const file = join(folder, "bench-he.json");
  await writeFile(
    file,
    `${JSON.stringify({ node: process.version, costs, errors, wrong, budgets }, null, 2)}\n`,
  );
  line(`\nwritten to ${file}`);
  return budgets.every(({ holds }) => holds);
}
