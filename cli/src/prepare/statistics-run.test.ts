import {
  canonicalPlan,
  layoutOf,
  modelHash,
  modelToBytes,
  parseTemplate,
  planHash,
  sha256Hex,
  statisticsPlanFor,
} from "@chorus/aggregation";
import { expect, test } from "vitest";
import type { Operator } from "../operator/operator.ts";
import type { RunReport } from "../operator/run.ts";
import { statisticsRound } from "../testing/statistics-round.ts";
import { samplePlan } from "../verify/testing/sample-plan.ts";
import { foundStatistics } from "./statistics-run.ts";

const never = new AbortController().signal;
const runId = sha256Hex("a statistics run");
const plan = statisticsPlanFor(
  parseTemplate({
    ...samplePlan,
    data: {
      ...samplePlan.data,
      features: [
        { column: "a", kind: "number", range: [0, 10] },
        { column: "b", kind: "category", values: ["low", "high"] },
      ],
    },
  }),
);
const values = Float32Array.of(1, 0.2, 0.25);
const hash = modelHash(layoutOf(plan.model), values);
const round = statisticsRound(hash, hash);

/** A coordinator that has run the plan and sends this file as its model. */
function sending(
  model: Float32Array,
  status: RunReport["run"]["status"] = "completed",
): Pick<Operator, "getRun" | "fetchFile"> {
  const run = {
    runId,
    name: plan.name,
    status,
    planHash: planHash(plan),
    plannedRounds: 1,
    completedRounds: 1,
    modelHash: hash,
    initialModelHash: hash,
    startedAtMs: 0,
    endedAtMs: 1,
  };
  return {
    getRun: async () => ({ run, plan: canonicalPlan(plan), rounds: [round], evidence: [] }),
    fetchFile: async (_, mostBytes) => modelToBytes(model).subarray(0, mostBytes),
  };
}

test("the statistics are those of the model that the run names", async () => {
  const found = await foundStatistics(sending(values), runId, plan, never);
  expect(found).toMatchObject({ modelHash: hash, pooled: [{ column: "a", mean: 6 }] });
});

test("a coordinator that sends another model than the run names is not believed", async () => {
  const other = sending(Float32Array.of(1, 0.3, 0.25));
  await expect(foundStatistics(other, runId, plan, never)).rejects.toMatchObject({
    code: "failed",
    message: expect.stringMatching(/^the coordinator sends model .*, wanted /),
  });
});

test("a run that has not been completed has found nothing", async () => {
  await expect(
    foundStatistics(sending(values, "stopped"), runId, plan, never),
  ).rejects.toMatchObject({ code: "failed", message: expect.stringContaining("is stopped") });
});
