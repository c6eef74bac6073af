import fc from "fast-check";
import { expect, test } from "vitest";
import { applyOuterStep } from "./outer-step.ts";

test("by hand: v = 0.5 * 4 + 1 = 3, step = 1 + 0.5 * 3 = 2.5, model = 10 + 0.25 * 2.5", () => {
  const strategy = { kind: "diloco", learningRate: 0.25, momentum: 0.5 } as const;
  const { model, state } = applyOuterStep(strategy, {
    model: Float32Array.of(10),
    meanDelta: Float64Array.of(1),
    state: Float32Array.of(4),
  });
  expect(model).toEqual(Float32Array.of(10.625));
  expect(state).toEqual(Float32Array.of(3));
});

test("looks ahead as Nesterov did: it evaluates where momentum alone would go, seen from there", () => {
  // Nesterov 1983 keeps y and x: x' = y + lr * d(y), y' = x' + mu * (x' - x). Ours is y, with velocity (x' - x) / lr.
  const momenta = fc.constantFrom(0.25, 0.5, 0.75);
  const slopes = fc.integer({ min: -8, max: 8 });
  fc.assert(
    fc.property(momenta, slopes, (momentum, slope) => {
      const learningRate = 0.5;
      // Updates that depend on the place: the gradient of a parabola.
      const deltaAt = (place: number) => slope - place / 4;
      let [x, y] = [1, 1];
      let round: { model: Float32Array; state: Float32Array | undefined } = {
        model: Float32Array.of(1),
        state: undefined,
      };
      const strategy = { kind: "diloco", learningRate, momentum } as const;
      for (let i = 0; i < 4; i++) {
        const after = y + learningRate * deltaAt(y);
        y = after + momentum * (after - x);
        x = after;
        const meanDelta = Float64Array.of(deltaAt(round.model[0] ?? Number.NaN));
        round = applyOuterStep(strategy, { ...round, meanDelta });
        expect(round.model[0]).toBeCloseTo(y, 4);
      }
    }),
  );
});

test("is fedavg with no momentum and a learning rate of one", () => {
  const meanDelta = Float64Array.of(0.1, -3);
  const model = Float32Array.of(1, 2);
  const strategy = { kind: "diloco", learningRate: 1, momentum: 0 } as const;
  const plain = applyOuterStep({ kind: "fedavg" }, { model, meanDelta, state: undefined });
  expect(applyOuterStep(strategy, { model, meanDelta, state: undefined }).model).toEqual(
    plain.model,
  );
});
