import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { AdaptivePlan } from "../plan/plan.ts";
import { applyOuterStep } from "./outer-step.ts";

const finite = { noNaN: true, min: -(2 ** 20), max: 2 ** 20 };
const share = fc.double({ min: 0, max: 0.999, noNaN: true });
const plans: fc.Arbitrary<AdaptivePlan> = fc.record({
  kind: fc.constantFrom("fedadam", "fedyogi"),
  learningRate: fc.double({ min: 1e-3, max: 10, noNaN: true }),
  beta1: share,
  beta2: share,
  tau: fc.double({ min: 1e-4, max: 1, noNaN: true }),
});

/** One parameter over many rounds by Algorithm 2 of Reddi et al. 2021, with states rounded as ours are. */
function reference(plan: AdaptivePlan, start: number, deltas: Iterable<number>): number[] {
  const { kind, learningRate: eta, beta1, beta2, tau } = plan;
  let x = Math.fround(start);
  let m = 0;
  let v = Math.fround(tau ** 2);
  const path: number[] = [];
  for (const delta of deltas) {
    const square = delta ** 2;
    const mNext = beta1 * m + (1 - beta1) * delta;
    const vNext =
      kind === "fedadam"
        ? beta2 * v + (1 - beta2) * square
        : v - (1 - beta2) * square * Math.sign(v - square);
    x = Math.fround(x + (eta * mNext) / (Math.sqrt(vNext) + tau));
    [m, v] = [Math.fround(mNext), Math.fround(vNext)];
    path.push(x);
  }
  return path;
}

test("every parameter goes the way of Algorithm 2 of Reddi et al. 2021, round after round", () => {
  const rounds = fc.array(fc.float64Array({ ...finite, minLength: 2, maxLength: 2 }), {
    minLength: 1,
    maxLength: 5,
  });
  fc.assert(
    fc.property(plans, rounds, (plan, deltas) => {
      let model = Float32Array.of(1, -2);
      let state: Float32Array | undefined;
      const path: Float32Array[] = [];
      for (const meanDelta of deltas) {
        ({ model, state } = applyOuterStep(plan, { model, meanDelta, state }) as {
          model: Float32Array<ArrayBuffer>;
          state: Float32Array;
        });
        path.push(model);
      }
      for (const [place, start] of [1, -2].entries()) {
        const wanted = reference(
          plan,
          start,
          deltas.map((delta) => delta[place] ?? Number.NaN),
        );
        for (const [round, value] of wanted.entries()) {
          const got = path[round]?.[place] ?? Number.NaN;
          expect(Math.abs(got - value)).toBeLessThanOrEqual(
            2 ** -20 * Math.max(1, Math.abs(value)),
          );
        }
      }
    }),
  );
});

describe("by hand", () => {
  // tau = 0.5, so that v starts at 0.25; beta1 = 0.5, beta2 = 0.75, delta = 2: m = 1.
  const options = { learningRate: 1, beta1: 0.5, beta2: 0.75, tau: 0.5 };
  const input = { model: Float32Array.of(8), meanDelta: Float64Array.of(2), state: undefined };

  test("fedadam: v = 0.75 * 0.25 + 0.25 * 4 = 1.1875", () => {
    const { model, state } = applyOuterStep({ kind: "fedadam", ...options }, input);
    expect(state).toEqual(Float32Array.of(1, 1.1875));
    expect(model).toEqual(Float32Array.of(8 + 1 / (Math.sqrt(1.1875) + 0.5)));
  });

  test("fedyogi: v = 0.25 + 0.25 * 4 = 1.25, and a smaller update afterwards takes away as slowly", () => {
    const plan = { kind: "fedyogi", ...options } as const;
    const { model, state } = applyOuterStep(plan, input);
    expect(state).toEqual(Float32Array.of(1, 1.25));
    expect(model).toEqual(Float32Array.of(8 + 1 / (Math.sqrt(1.25) + 0.5)));
    const second = applyOuterStep(plan, { model, state, meanDelta: Float64Array.of(1) });
    expect(second.state).toEqual(Float32Array.of(1, 1));
  });
});

test("a parameter that is never updated stays where it is, and both moments stay finite for ever", () => {
  for (const kind of ["fedadam", "fedyogi"] as const) {
    const plan = { kind, learningRate: 1, beta1: 0.9, beta2: 0.99, tau: 1e-3 };
    let round = applyOuterStep(plan, {
      model: Float32Array.of(3),
      meanDelta: Float64Array.of(0),
      state: undefined,
    });
    for (let i = 0; i < 2_000; i++)
      round = applyOuterStep(plan, { ...round, meanDelta: Float64Array.of(0) });
    expect(round.model).toEqual(Float32Array.of(3));
  }
});
