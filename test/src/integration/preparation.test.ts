import { execFile } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { bytesToHex, type Plan, parsePlan } from "@chorus/aggregation";
import { RunStatus } from "@chorus/proto/v1/operator";
import { afterAll, beforeAll, expect, test } from "vitest";
import { temporaryFolder } from "../support/folder.ts";
import { TestOperator } from "../support/operator.ts";
import { ParticipantChild } from "../support/participant-child.ts";
import { patienceMs } from "../support/patience.ts";
import { testPlan } from "../support/plan.ts";
import { ServedCoordinator } from "../support/served-coordinator.ts";

const main = fileURLToPath(new URL("../../../cli/src/main.ts", import.meta.url));

type Row = readonly [age: number | "", pain: string, sick: 0 | 1];

/** Sites that are nothing like each other: other ages, another number of rows, gaps at two of them. */
const sites: Readonly<Record<string, readonly Row[]>> = {
  north: rowsOf(40, (row) => [row % 10 === 3 ? "" : 20 + row / 4, row % 2 === 0 ? "mild" : "none"]),
  south: rowsOf(11, (row) => [80 - row, row === 4 ? "" : "severe"]),
  west: rowsOf(24, (row) => [55.5, row % 5 === 0 ? "" : "none"]),
};

function rowsOf(count: number, cellsOf: (row: number) => [number | "", string]): Row[] {
  return Array.from({ length: count }, (_, row) => [...cellsOf(row), row % 3 === 0 ? 1 : 0]);
}

const template = {
  ...testPlan({ rounds: 1, participants: 3, weights: 4 }),
  name: "ages",
  data: {
    format: "csv",
    features: [
      { column: "age", kind: "number", range: [0, 120], missing: { impute: "mean" } },
      {
        column: "pain",
        kind: "category",
        values: ["none", "mild", "severe"],
        missing: { impute: "most-frequent" },
      },
    ],
    label: { column: "sick", kind: "binary", positiveAbove: 0 },
    missing: "refuse",
  },
  protection: { kind: "masking", clippingNorm: 5, maxExamples: 50 },
};

const opened = new AsyncDisposableStack();
let folder: string;
let operator: TestOperator;

/** Runs a command beside the coordinator. Resolves with what it prints, or rejects with its exit code and both outputs. */
async function chorus(...args: readonly string[]): Promise<string> {
  const options = [...args, "--data-dir", join(folder, "coordinator")];
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  execFile(process.execPath, [main, ...options], (error, stdout, stderr) => {
    if (error === null) resolve(stdout);
    else reject(new Error(`exit code ${error.code}: ${stdout}${stderr}`));
  });
  return await promise;
}

beforeAll(async () => {
  folder = opened.use(await temporaryFolder()).path;
  const coordinator = opened.use(new ServedCoordinator(join(folder, "coordinator"), "test"));
  const address = await coordinator.serving();
  operator = opened.use(await TestOperator.connect(address));
  for (const [name, rows] of Object.entries(sites)) {
    const dataPath = join(folder, `${name}.csv`);
    await writeFile(
      dataPath,
      ["age,pain,sick", ...rows.map((row) => row.join(",")), ""].join("\n"),
    );
    const stateDirectory = join(folder, name);
    opened.use(new ParticipantChild(address, { name, dataPath, stateDirectory }));
  }
  await writeFile(join(folder, "template.json"), JSON.stringify(template));
}, patienceMs);

afterAll(() => opened.disposeAsync());

/** The statistics of a file with all rows. */
function pooledAges(): { present: number; mean: number; scale: number } {
  const rows = Object.values(sites).flat();
  const ages = rows.flatMap(([age]) => (age === "" ? [] : [age]));
  const mean = ages.reduce((sum, age) => sum + age, 0) / ages.length;
  const squares = ages.reduce((sum, age) => sum + (age - mean) ** 2, 0);
  return { present: ages.length / rows.length, mean, scale: Math.sqrt(squares / ages.length) };
}

async function writtenPlan(): Promise<Plan> {
  return parsePlan(await readFile(join(folder, "plan.json"), "utf8"));
}

test("a template becomes a plan with the statistics of all sites' rows together, which trains", async () => {
  const [file, out] = [join(folder, "template.json"), join(folder, "plan.json")];
  const told = (await chorus("prepare", file, "--out", out, "--json")).trim().split("\n");
  const prepared = JSON.parse(told.at(-1) ?? "null");
  expect(prepared).toMatchObject({ kind: "prepared", survivors: 3, rows: 75 });

  const truth = pooledAges();
  const [age, pain] = prepared.columns;
  // Half a range is 60 years. The grid is 2^-24 and 75 rows weigh 1.5: parameters are off by 1.8e-7 at most.
  const error = 1.8e-7;
  expect(Math.abs(age.present - truth.present)).toBeLessThan(error);
  expect(Math.abs(age.mean - truth.mean)).toBeLessThan((2 * 60 * error) / truth.present + 1e-4);
  expect(Math.abs(age.scale ** 2 - truth.scale ** 2)).toBeLessThan(
    (6 * 60 ** 2 * error) / truth.present + 2 * truth.scale * 1e-4,
  );
  expect(pain).toMatchObject({ column: "pain", mostFrequent: "none" });

  const plan = await writtenPlan();
  const { mean, scale } = age;
  expect(plan.data).toMatchObject({
    features: [
      { column: "age", kind: "number", mean, scale, missing: { impute: mean } },
      { column: "pain", missing: { impute: "none" } },
    ],
  });
  expect(plan.preparedBy?.runId).toBe(prepared.runId);

  const { runId } = await operator.startRun(plan);
  const { run, rounds } = await operator.ended(runId);
  expect(run).toMatchObject({ status: RunStatus.COMPLETED, name: "ages" });
  expect(rounds).toMatchObject([{ survivors: 3 }]);
});

test("the plan's run is verified with its statistics, and the statistics run like any other", async () => {
  const { runId = "" } = (await writtenPlan()).preparedBy ?? {};
  const [trained] = await operator.listRuns();
  const verified = await chorus("verify", bytesToHex(trained?.runId ?? new Uint8Array(), 32));
  expect(verified).toContain(
    `prepared by  run ${runId.slice(0, 12)}: its statistics give the plan's numbers`,
  );
  expect(verified).toContain("Everything holds");
  expect(await chorus("verify", runId)).toContain("Everything holds");
});

test("a finished statistics run is read again instead of repeated, and only for what it measured", async () => {
  const out = join(folder, "plan.json");
  const before = await readFile(out, "utf8");
  const { runId = "" } = (await writtenPlan()).preparedBy ?? {};
  const runs = await operator.listRuns();
  const read = ["--out", out, "--force", "--run"];
  const again = await chorus("prepare", join(folder, "template.json"), ...read, runId.slice(0, 8));
  expect(again).toContain("Statistics of 75 rows at 3 sites together");
  expect(await readFile(out, "utf8")).toBe(before);
  const [age] = template.data.features;
  const other = { ...template, data: { ...template.data, features: [age] } };
  const narrower = { ...other, model: testPlan({ rounds: 1, participants: 3, weights: 1 }).model };
  await writeFile(join(folder, "other.json"), JSON.stringify(narrower));
  await expect(chorus("prepare", join(folder, "other.json"), ...read, runId)).rejects.toThrow(
    /exit code 2: .*does not measure what this template asks for/s,
  );
  expect(await operator.listRuns()).toEqual(runs);
});
