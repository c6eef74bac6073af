import { mkdir, readFile, writeFile } from "node:fs/promises";
import { loadavg } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { type Plan, parsePlan } from "@chorus/aggregation";
import { formatTable } from "@chorus/cli";
import { encryptedMean, maskedMean, type Protection, plainMean } from "./protections.ts";
import { Digits, type SimulatedRun } from "./simulate.ts";

/** What a run of the bench may take. */
const LIMIT_MS = 3_600_000;

const PARTICIPANTS = 4;

/** What was asked for. `seeds`: each with another partition, another initial model and other batches. */
type Task = { readonly kind: "help" } | { readonly kind: "measure"; readonly seeds: number };

const usage = `Runs the demo's plan without protection, with masking and with homomorphic encryption, on the same digits, and prints
how well the models do. Writes runs/bench-protections.json.

Usage: npm run bench -- protections [--seeds N]

  --seeds   how often, each with another partition of the digits, another initial model and other batches; 1 unless told
            otherwise, a minute each
  --help    this text

Exit codes: 0 measured, 1 could not, 2 wrong usage.
`;

/** Does what the arguments ask for and prints it. Returns the process' exit code. */
export async function printProtections(args: readonly string[]): Promise<0 | 2> {
  const task = taskOf(args);
  if (task === undefined) process.stderr.write(usage);
  else if (task.kind === "help") process.stdout.write(usage);
  else await measure(task.seeds);
  return task === undefined ? 2 : 0;
}

async function measure(seeds: number): Promise<void> {
  const line = (text = ""): boolean => process.stdout.write(`${text}\n`);
  const signal = AbortSignal.timeout(LIMIT_MS);
  line(`Node ${process.version}, load ${loadavg()[0]?.toFixed(1)} at the start`);
  const demo = await demoPlan();
  const runs: SimulatedRun[] = [];
  for (let offset = 0; offset < seeds; offset += 1) {
    const plan = { ...demo, seed: demo.seed + offset };
    using digits = await Digits.open(plan, signal);
    for (const protection of protectionsOf(plan)) {
      const run = await digits.simulate(protection, signal);
      runs.push(run);
      process.stderr.write(`seed ${plan.seed}, ${run.protection}: ${percent(lastOf(run))}\n`);
    }
  }
  line(
    `The demo's ${demo.rounds} rounds of ${PARTICIPANTS} participants, nobody lost; share of the test digits, in percent.`,
  );
  line("The integers are those of real rounds; masks and encryption, which cancel, are left out.");
  line(protectionsTable(runs));
  line(`\nwritten to ${await save(runs)}`);
}

/** The last model's accuracy with each protection: the mean over the seeds, and how far the first protection's is away. */
export function protectionsTable(runs: readonly SimulatedRun[]): string {
  const byProtection = Map.groupBy(runs, ({ protection }) => protection);
  const [first] = byProtection.values();
  const reference = meanOf((first ?? []).map(lastOf));
  const rows = [...byProtection].map(([protection, same]) => {
    const mean = meanOf(same.map(lastOf));
    const halfway = meanOf(
      same.map(({ accuracies }) => accuracies[accuracies.length >> 1] ?? Number.NaN),
    );
    const points = (100 * (mean - reference)).toFixed(2);
    return [
      protection,
      percent(halfway),
      percent(mean),
      protection === runs[0]?.protection ? "" : points,
    ];
  });
  return formatTable(
    [
      { title: "protection" },
      { title: "halfway", align: "right" },
      { title: "at the end", align: "right" },
      { title: "points apart", align: "right" },
    ],
    rows,
  );
}

function protectionsOf(plan: Plan): readonly Protection[] {
  return [
    plainMean,
    maskedMean(plan, PARTICIPANTS),
    encryptedMean(plan, 8, PARTICIPANTS),
    encryptedMean(plan, 15, PARTICIPANTS),
    encryptedMean(plan, 16, PARTICIPANTS),
  ];
}

/** Undefined where the arguments make no sense. */
function taskOf(args: readonly string[]): Task | undefined {
  const options = {
    seeds: { type: "string", default: "1" },
    help: { type: "boolean", default: false },
  } as const;
  try {
    const { seeds, help } = parseArgs({ args: [...args], options }).values;
    const count = Number(seeds);
    if (help) return { kind: "help" };
    return Number.isInteger(count) && count >= 1 ? { kind: "measure", seeds: count } : undefined;
  } catch {
    return undefined;
  }
}

async function demoPlan(): Promise<Plan> {
  const file = fileURLToPath(import.meta.resolve("@chorus/cli/plans/mnist.json"));
  return parsePlan(await readFile(file, "utf8"));
}

async function save(runs: readonly SimulatedRun[]): Promise<string> {
  const folder = join(fileURLToPath(new URL("../../..", import.meta.url)), "runs");
  await mkdir(folder, { recursive: true });
  const file = join(folder, "bench-protections.json");
  await writeFile(file, `${JSON.stringify({ node: process.version, runs }, null, 2)}\n`);
  return file;
}

function lastOf({ accuracies }: SimulatedRun): number {
  return accuracies.at(-1) ?? Number.NaN;
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function percent(share: number): string {
  return (100 * share).toFixed(2);
}
