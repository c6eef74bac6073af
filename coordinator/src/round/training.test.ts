import { canonicalPlan, planHash } from "@chorus/aggregation";
import { expect, test } from "vitest";
import { Puppet } from "../testing/puppet.ts";
import { unitPlan } from "../testing/unit-plan.ts";
import { ModelHandover } from "./model-handover.ts";
import { Training } from "./training.ts";

test("who trained from another model than the round's has delivered nothing", () => {
  const plan = unitPlan({});
  const members = [0, 1, 2].map((place) => new Puppet(place, "training").member);
  const [{ participantId } = { participantId: "" }] = members;
  const parentModelHash = "1".repeat(64);
  const facts = {
    federationId: "f".repeat(64),
    runId: "a".repeat(64),
    round: 1,
    attempt: 1,
    roundId: "b".repeat(64),
    plan,
    planJson: canonicalPlan(plan),
    planHash: planHash(plan),
    parentModelHash,
    parentStateHash: "" as const,
    dimension: 8,
  };
  const handover = new ModelHandover(facts, members, new Map(), new Map());
  const training = new Training(facts, members, new Map(), handover);
  const nonceCommitment = "c".repeat(64);
  const other = "2".repeat(64);
  expect(() => training.trained(participantId, other, nonceCommitment)).toThrow(
    expect.objectContaining({
      code: "wrong-model",
      message: `trained ${other}, wanted ${parentModelHash}`,
    }),
  );
  expect(training.delivered.size).toBe(0);
  training.trained(participantId, parentModelHash, nonceCommitment);
  expect(training.delivered).toEqual(new Set([participantId]));
});
