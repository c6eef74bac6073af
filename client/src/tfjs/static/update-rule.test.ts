import { backend } from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, test } from "vitest";
import { openBackend } from "../backend.ts";
import { heapOf } from "../kernels/heap.ts";
import { chooseKernelBuild, openTrainingKernels } from "../kernels/training-kernels.ts";
import type { UpdatePlan } from "../optimizer.ts";
import { descendByFormula, FORMULAS, type Valley } from "../optimizer-formulas.test-support.ts";
import { Arena } from "./arena.ts";
import { updateRuleOf } from "./update-rule.ts";

beforeAll(() => openBackend(new AbortController().signal));

/** Runs with the plan's rule on `count` weights. */
function withRule<T>(
  plan: UpdatePlan,
  count: number,
  run: (
    rule: ReturnType<typeof updateRuleOf>,
    weights: () => Float32Array,
    gradient: () => Float32Array,
  ) => T,
): T {
  const heap = heapOf(backend());
  const kernels = openTrainingKernels(heap.memory, chooseKernelBuild());
  using arena = new Arena(heap);
  const [weights, gradient] = [arena.reserve(count), arena.reserve(count)];
  const rule = updateRuleOf(plan, { weights, gradient, count }, kernels, arena);
  return run(
    rule,
    () => arena.floats(weights, count),
    () => arena.floats(gradient, count),
  );
}

test("Adam's steps along a gradient that stays the same are the learning rate, from the first one on", () => {
  const slopes = Float32Array.of(1, -20, 300, -1, 5, 5, -2);
  withRule(
    { optimizer: { kind: "adam", learningRate: 0.5 } },
    slopes.length,
    (rule, weights, gradient) => {
      rule.reset();
      gradient().set(slopes);
      for (let step = 1; step <= 20; step++) {
        weights().fill(0);
        rule.step();
        // Kingma and Ba 2015, section 2.1: with |mean| = sqrt(square). Epsilon and float32 are below 1e-6 beside slopes of 1.
        for (const [index, change] of weights().entries()) {
          expect(Math.abs(change / (-0.5 * Math.sign(slopes[index] ?? 0)) - 1)).toBeLessThan(3e-6);
        }
      }
    },
  );
});

/** As many as a vector of four and some more. */
const VALLEYS: readonly Valley[] = [1, 2, 3, 4, 5, 6, 7].map((slope) => ({
  start: Math.fround(0.3 * slope - 1),
  goal: Math.fround(Math.sin(slope)),
  slope,
}));

/** Where three steps down the valleys lead, in the second of two rounds. */
function descend(plan: UpdatePlan): Float32Array {
  return withRule(plan, VALLEYS.length, (rule, weights, gradient) => {
    for (const start of [VALLEYS.map(() => 9), VALLEYS.map((valley) => valley.start)]) {
      weights().set(start);
      rule.reset();
      for (let step = 1; step <= 3; step++) {
        const slopes = VALLEYS.map(({ slope, goal }, i) => slope * ((weights()[i] ?? 0) - goal));
        gradient().set(slopes);
        rule.step();
      }
    }
    return weights().slice();
  });
}

describe.each(FORMULAS)("%s", (_name, optimizer, formula) => {
  test.each([0, 1.5])(
    "steps as its formula does, drawn back to the round's beginning by %d",
    (proximal) => {
      const plan = proximal === 0 ? { optimizer } : { optimizer, proximal };
      for (const [index, reached] of descend(plan).entries()) {
        const valley = VALLEYS[index] ?? { start: 0, goal: 0, slope: 0 };
        const wanted = descendByFormula(formula(), valley, proximal);
        // Float32 keeps 7 digits of values below 2, of slopes below 15.
        expect(Math.abs(reached - wanted)).toBeLessThan(4e-6);
      }
    },
  );

  test("steps the same, bit for bit, where FedProx draws by nothing", () => {
    expect(descend({ optimizer, proximal: 0 })).toEqual(descend({ optimizer }));
  });
});
