import { execFile } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import {
  bytesToHex,
  type Plan,
  parsePlan,
  parseTemplate,
  statisticsPlanFor,
} from "@chorus/aggregation";
import { RunStatus } from "@chorus/proto/v1/operator";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { CoordinatorAddress } from "../support/coordinator.ts";
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

/** What a plan that is aimed at the site south leaves out, and what it expects of the others. */
const [FAR_OFF, WITHIN] = [
  [90, "x"],
  [5, "a"],
];

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
let address: CoordinatorAddress;
const running = new Map<string, ParticipantChild>();

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

/** Starts a site's participant, on the state of the one before. */
function startSite(name: string, repeatStatistics: boolean): ParticipantChild {
  const [dataPath, stateDirectory] = [join(folder, `${name}.csv`), join(folder, name)];
  const site = { name, dataPath, stateDirectory, repeatStatistics };
  const child = opened.use(new ParticipantChild(address, site));
  running.set(name, child);
  return child;
}

beforeAll(async () => {
  folder = opened.use(await temporaryFolder()).path;
  const coordinator = opened.use(new ServedCoordinator(join(folder, "coordinator"), "test"));
  address = await coordinator.serving();
  operator = opened.use(await TestOperator.connect(address));
  for (const [name, rows] of Object.entries(sites)) {
    const dataPath = join(folder, `${name}.csv`);
    const header = "age,pain,sick,dose,ward";
    const cells = rows.map((row) => [...row, ...(name === "south" ? FAR_OFF : WITHIN)].join(","));
    await writeFile(dataPath, [header, ...cells, ""].join("\n"));
    startSite(name, false);
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

test("a statistics run that is aimed at one site's values does not learn who has them: all take part", async () => {
  const features = [
    { column: "dose", kind: "number", range: [0, 10] },
    { column: "ward", kind: "category", values: ["a", "b"], missing: { impute: "most-frequent" } },
  ];
  const aimed = { ...template, name: "aimed", data: { ...template.data, features } };
  const model = testPlan({ rounds: 1, participants: 3, weights: 3 }).model;
  const [file, out] = [join(folder, "aimed.json"), join(folder, "aimed-plan.json")];
  await writeFile(file, JSON.stringify({ ...aimed, model }));
  const told = (await chorus("prepare", file, "--out", out, "--json")).trim().split("\n");
  const prepared = JSON.parse(told.at(-1) ?? "null");
  expect(prepared).toMatchObject({ survivors: 3, rows: 75 });
  const [dose, ward] = prepared.columns;
  // South's 11 rows count as 10, the range's end, and as rows without a ward.
  expect(dose.mean).toBeCloseTo((64 * 5 + 11 * 10) / 75, 3);
  expect(ward.present).toBeCloseTo(64 / 75, 5);
});

test("a second run that measures the same column is left by every site but one that was told to repeat, until all are", async () => {
  const model = testPlan({ rounds: 1, participants: 3, weights: 1 }).model;
  const [age] = template.data.features;
  const second = parseTemplate({ ...template, model, data: { ...template.data, features: [age] } });
  await running.get("north")?.stop();
  const north = startSite("north", true);
  await north.entry("checked in");
  const { runId } = await operator.startRun(statisticsPlanFor(second));
  const event = await operator.event(runId, ({ $case }) => $case === "abandoned");
  const left = event.$case === "abandoned" ? event.value.reason : "";
  expect(left).toMatch(/; left: (south|west) \(already-measured\)/);
  expect(left).not.toContain("north");
  // Told to repeat as well, they answer: the run goes on to its end.
  for (const name of ["south", "west"]) {
    await running.get(name)?.stop();
    await startSite(name, true).entry("checked in");
  }
  const { run } = await operator.ended(runId);
  expect(run?.completedRounds).toBe(1);
});
