import {
  canonicalPlan,
  layoutOf,
  modelHash,
  modelToBytes,
  type Plan,
  parseTemplate,
  planHash,
  pooledColumns,
  preparedPlan,
  sha256Hex,
  statisticsError,
  statisticsPlanFor,
} from "@chorus/aggregation";
import { expect, test } from "vitest";
import { CliError } from "../cli-error.ts";
import type { RunDetails, RunSummary } from "../operator/run.ts";
import { statisticsRound } from "../testing/statistics-round.ts";
import { checkPreparation } from "./check-preparation.ts";
import { describeDifference, type HistorySource, noFile, type Verification } from "./history.ts";
import { formatVerification } from "./table.ts";
import { samplePlan } from "./testing/sample-plan.ts";
import { requireThatHolds } from "./verify-run.ts";

const never = new AbortController().signal;
const runId = sha256Hex("a statistics run");
const template = parseTemplate({
  ...samplePlan,
  data: {
    ...samplePlan.data,
    features: [
      { column: "a", kind: "number", range: [0, 10] },
      {
        column: "b",
        kind: "category",
        values: ["low", "high"],
        missing: { impute: "most-frequent" },
      },
    ],
  },
});
const statistics = statisticsPlanFor(template);
const layout = layoutOf(statistics.model);
const values = Float32Array.of(1, 0.2, 0.25, 0.3, 0.6);
const hash = modelHash(layout, values);
const round = statisticsRound(hash, modelHash(layout, new Float32Array(5)));
const run: RunSummary = {
  runId,
  name: statistics.name,
  status: "completed",
  planHash: planHash(statistics),
  plannedRounds: 1,
  completedRounds: 1,
  modelHash: hash,
  initialModelHash: round.parentModelHash,
  startedAtMs: 0,
  endedAtMs: 1,
};
const pooled = pooledColumns(
  statistics.model,
  values,
  statisticsError(round, statistics.protection),
);
const prepared = preparedPlan(template, pooled, { runId, modelHash: hash });

/** A history that keeps the statistics run, or what a test puts in its place. */
function sourceWith({
  plan = canonicalPlan(statistics),
  model = hash,
  bytes = modelToBytes(values),
}) {
  const details: RunDetails = { run, plan, rounds: [{ ...round, modelHash: model }] };
  const source: HistorySource = {
    description: "memory",
    details: async (wanted) => {
      if (wanted === runId) return details;
      throw new CliError("unknown-run", "there is no such run", "");
    },
    // Who asks for more bytes than the model has reads whatever a coordinator sends.
    file: async (wanted, mostBytes) =>
      wanted === hash && mostBytes === 4 * values.length ? bytes : noFile,
    storedFacts: async () => ({ federationId: undefined, rounds: new Map() }),
    audit: async () => [],
  };
  return source;
}

async function checked(plan: Plan, kept: Parameters<typeof sourceWith>[0] = {}) {
  const found = await checkPreparation(plan, sourceWith(kept), never);
  return [found?.checked.plan, ...(found?.differences ?? []).map(describeDifference)];
}

test("a plan's numbers are made again from the model of the run that it names", async () => {
  expect(prepared.data).toMatchObject({
    features: [{ mean: 6, scale: 2.29129 }, { missing: { impute: "high" } }],
  });
  expect(await checked(prepared)).toEqual(["holds"]);
});

test("a number that the statistics run did not give is named, and is no fault of the coordinator's files", async () => {
  const text = JSON.stringify(prepared).replace('"mean":6,', '"mean":6.1,');
  const changed = JSON.parse(text.replace('"impute":"high"', '"impute":"low"')) as Plan;
  const found = await checkPreparation(changed, sourceWith({}), never);
  const differences = found?.differences ?? [];
  expect(differences.map(describeDifference)).toEqual([
    expect.stringMatching(/^data\.features\.0\.mean, prepared by run .* expected 6, got 6\.1$/),
    expect.stringMatching(/^data\.features\.1\.missing\.impute, .* expected high, got low$/),
  ]);
  const verification: Verification = {
    runId: sha256Hex("a run"),
    planName: changed.name,
    planHash: planHash(changed),
    source: "memory",
    ledger: "none",
    initialModelHash: hash,
    preparation: found?.checked,
    rounds: [],
    waiting: 0,
    differences,
  };
  expect(() => requireThatHolds(verification)).toThrow(
    expect.objectContaining({ hint: expect.stringContaining("plan's author") }),
  );
  expect(formatVerification(verification)).toContain(
    "its statistics do not give the plan's numbers",
  );
});

test.each([
  [{ model: sha256Hex("another model") }, "at that run's end"],
  [{ bytes: new Uint8Array(20) }, "another file of its model"],
  [{ bytes: new Uint8Array(4) }, "model has 4 bytes, wanted 20"],
  [{ plan: canonicalPlan(samplePlan) }, "a run that trains a model"],
  [{ plan: "{}" }, "wanted"],
])("a statistics run that keeps %j gives nothing", async (kept, problem) => {
  expect(await checked(prepared, kept)).toEqual([
    "differs",
    expect.stringMatching(/^the plan's numbers, prepared by run .* differs: /),
  ]);
  expect((await checked(prepared, kept))[1]).toContain(problem);
});

test("a run that is not kept here is said to be unknown, and a plan that names none is left alone", async () => {
  const elsewhere = { runId: sha256Hex("elsewhere"), modelHash: hash };
  expect(await checked({ ...prepared, preparedBy: elsewhere })).toEqual(["unknown"]);
  expect(await checkPreparation(samplePlan, sourceWith({}), never)).toBeUndefined();
  expect(await checkPreparation(statistics, sourceWith({}), never)).toBeUndefined();
});
