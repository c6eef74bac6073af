import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ModelError } from "../model/model-error.ts";
import { applyOuterStep } from "./outer-step.ts";

const FEDAVG = { kind: "fedavg" } as const;

/** Below 2^40, so that no step leaves the range of float32. */
const values = { noNaN: true, min: -(2 ** 40), max: 2 ** 40 };
const rounds = fc.integer({ min: 1, max: 20 }).chain((length) =>
  fc.record({
    model: fc.float32Array({ ...values, minLength: length, maxLength: length }),
    state: fc.float32Array({ ...values, minLength: length, maxLength: length }),
    meanDelta: fc.float64Array({ ...values, minLength: length, maxLength: length }),
  }),
);

describe("fedavg", () => {
  test("adds the mean update and rounds once", () => {
    fc.assert(
      fc.property(rounds, ({ model, meanDelta }) => {
        const result = applyOuterStep(FEDAVG, { model, meanDelta, state: undefined });
        expect(result.state).toBeUndefined();
        expect([...result.model]).toEqual(
          [...model].map((value, i) => Math.fround(value + (meanDelta[i] ?? Number.NaN))),
        );
      }),
    );
  });

  test("keeps what is lost when an update is rounded to float32 before it is added", () => {
    // 1 + 2^-24 + 2^-50 is just above the middle of 1 and its neighbour 1 + 2^-23; rounded twice it falls to 1.
    const meanDelta = Float64Array.of(2 ** -24 + 2 ** -50);
    const { model } = applyOuterStep(FEDAVG, {
      model: Float32Array.of(1),
      meanDelta,
      state: undefined,
    });
    expect(model).toEqual(Float32Array.of(1 + 2 ** -23));
  });

  test("refuses a state, as it has none", () => {
    const input = {
      model: new Float32Array(2),
      meanDelta: new Float64Array(2),
      state: new Float32Array(2),
    };
    expect(() => applyOuterStep(FEDAVG, input)).toThrow(
      new ModelError("wrong-length", "state of fedavg has 2 values, wanted 0"),
    );
  });
});

describe("fedavgm", () => {
  test("adds momentum times the old velocity to the update, then the velocity to the model", () => {
    // By hand: v = 0.5 * 4 + 1 = 3, model = 10 + 0.25 * 3; v' = 0.5 * 3 - 2 = -0.5, model' = 10.75 - 0.125.
    const strategy = { kind: "fedavgm", learningRate: 0.25, momentum: 0.5 } as const;
    const first = applyOuterStep(strategy, {
      model: Float32Array.of(10),
      meanDelta: Float64Array.of(1),
      state: Float32Array.of(4),
    });
    expect(first).toEqual({ model: Float32Array.of(10.75), state: Float32Array.of(3) });
    const second = applyOuterStep(strategy, { ...first, meanDelta: Float64Array.of(-2) });
    expect(second).toEqual({ model: Float32Array.of(10.625), state: Float32Array.of(-0.5) });
  });

  test("begins at rest: no state is a velocity of zero", () => {
    fc.assert(
      fc.property(rounds, ({ model, meanDelta }) => {
        const strategy = { kind: "fedavgm", learningRate: 0.5, momentum: 0.9 } as const;
        const state = new Float32Array(model.length);
        expect(applyOuterStep(strategy, { model, meanDelta, state: undefined })).toEqual(
          applyOuterStep(strategy, { model, meanDelta, state }),
        );
      }),
    );
  });

  test("is fedavg with no momentum and a learning rate of one, but for the sign of a zero", () => {
    fc.assert(
      fc.property(rounds, ({ model, meanDelta, state }) => {
        const plain = { kind: "fedavgm", learningRate: 1, momentum: 0 } as const;
        const unsigned = (values: Float32Array) => values.map((value) => value + 0);
        expect(unsigned(applyOuterStep(plain, { model, meanDelta, state }).model)).toEqual(
          unsigned(applyOuterStep(FEDAVG, { model, meanDelta, state: undefined }).model),
        );
      }),
    );
  });
});

describe.each([FEDAVG, { kind: "fedavgm", learningRate: 1, momentum: 0.9 } as const])(
  "$kind",
  (strategy) => {
    const state = strategy.kind === "fedavg" ? undefined : Float32Array.of(1, 2);

    test("changes nothing that it is given", () => {
      const input = { model: Float32Array.of(1, 2), meanDelta: Float64Array.of(3, 4), state };
      const before = structuredClone(input);
      applyOuterStep(strategy, input);
      expect(input).toEqual(before);
    });

    test("refuses a mean update of another length", () => {
      const input = { model: new Float32Array(2), meanDelta: new Float64Array(3), state };
      expect(() => applyOuterStep(strategy, input)).toThrow(
        new ModelError("wrong-length", "mean update has 3 values, wanted 2"),
      );
    });

    test.each([Number.NaN, Number.POSITIVE_INFINITY, 1e39])(
      "makes no model of an update with %d",
      (value) => {
        const input = { model: new Float32Array(2), meanDelta: Float64Array.of(0, value), state };
        expect(() => applyOuterStep(strategy, input)).toThrow(
          expect.objectContaining({
            code: "non-finite",
            message: expect.stringContaining("model[1] is"),
          }),
        );
      },
    );
  },
);

test("fedavgm refuses a state of another length", () => {
  const strategy = { kind: "fedavgm", learningRate: 1, momentum: 0.9 } as const;
  const input = {
    model: new Float32Array(2),
    meanDelta: new Float64Array(2),
    state: new Float32Array(1),
  };
  expect(() => applyOuterStep(strategy, input)).toThrow(
    new ModelError("wrong-length", "state of fedavgm has 1 values, wanted 2"),
  );
});
