import { canonicalPlan, type Plan } from "@chorus/aggregation";
import { expect, test } from "vitest";
import type { RoundFacts } from "../session/facts.ts";
import { LAYOUT, MODEL_HASH, PLAN, PLAN_HASH, ROUND_ID, RUN_ID } from "../testing/tiny-round.ts";
import { stateBefore, type VerifiedRound } from "./signed-round.ts";

const MOMENTUM: Plan = { ...PLAN, strategy: { kind: "fedavgm", learningRate: 1, momentum: 0.5 } };
const STRATEGY = { state: new Float32Array(LAYOUT.parameters).fill(3) };

function facts(plan: Plan, round: number): RoundFacts {
  const ids = { roundId: ROUND_ID, runId: RUN_ID };
  const hashes = { planHash: PLAN_HASH, modelHash: MODEL_HASH, stateHash: "" };
  return { plan, layout: LAYOUT, offer: { ...ids, ...hashes, round, plan: canonicalPlan(plan) } };
}

function verified(round: number, strategy?: typeof STRATEGY): VerifiedRound {
  return { round, parentModelHash: MODEL_HASH, modelHash: MODEL_HASH, strategy };
}

test("a strategy's state is known right after the round that it came of, and after no other", () => {
  expect(stateBefore(facts(MOMENTUM, 3), verified(2, STRATEGY))).toBe(STRATEGY);
  for (const round of [1, 3, 4])
    expect(stateBefore(facts(MOMENTUM, 3), verified(round, STRATEGY))).toBeUndefined();
  expect(stateBefore(facts(MOMENTUM, 3), verified(2))).toBeUndefined();
  expect(stateBefore(facts(MOMENTUM, 3), undefined)).toBeUndefined();
});

test("a run's first round and a strategy without state start from nothing, whatever was verified", () => {
  const nothing = { state: undefined };
  expect(stateBefore(facts(MOMENTUM, 1), verified(1, STRATEGY))).toEqual(nothing);
  expect(stateBefore(facts(PLAN, 3), undefined)).toEqual(nothing);
});
