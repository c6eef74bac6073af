import { canonicalPlan, isEncrypted, type Plan, planHash } from "@chorus/aggregation";
import { heParameters, parametersHash } from "@chorus/aggregation/he";
import { expect, test } from "vitest";
import { Puppet } from "../testing/puppet.ts";
import { unitPlan } from "../testing/unit-plan.ts";
import { roundConfigOf } from "./round-config.ts";

const trained = [0, 1, 2, 3, 4].map((place) => ({
  ...new Puppet(place, "config").member,
  nonceCommitment: String(place).repeat(64),
}));

/** The configuration of a plan's round in which all five have trained. */
function configOf(protection: Plan["protection"]) {
  const plan = unitPlan({ select: 3, overSelect: 2, protection });
  const facts = {
    federationId: "f".repeat(64),
    runId: "a".repeat(64),
    round: 1,
    attempt: 1,
    roundId: "b".repeat(64),
    plan,
    planJson: canonicalPlan(plan),
    planHash: planHash(plan),
    parentModelHash: "1".repeat(64),
    parentStateHash: "2".repeat(64),
    dimension: 8,
  };
  return roundConfigOf(facts, trained);
}

test("an encrypted round takes no more than its plan selects, whose sum has room for them, and says how it encrypts", () => {
  const config = configOf({ kind: "he", valueBits: 16, clippingNorm: 1, maxExamples: 1 });
  if (!isEncrypted(config)) throw new Error("the round is not encrypted");
  expect(config.cohort).toHaveLength(3);
  expect(config.he).toEqual({
    valueBits: 16,
    rotation: "hadamard-v1",
    parentStateHash: "2".repeat(64),
    parametersHash: parametersHash(heParameters(16, 3)),
  });
  const ids = config.cohort.map(({ participantId }) => participantId);
  expect(ids).toEqual(ids.toSorted());
});

test("a masked round takes everybody who has trained, and has nothing about encryption", () => {
  const config = configOf({ kind: "masking", clippingNorm: 1, maxExamples: 1 });
  expect(config.cohort).toHaveLength(5);
  expect(Object.keys(config)).not.toContain("he");
  expect(config).toMatchObject({ ringBits: 32 });
});
