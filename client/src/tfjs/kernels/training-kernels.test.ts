import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Bench } from "./bench.test-support.ts";
import type { KernelBuild } from "./training-kernels.ts";

const BUILDS: KernelBuild[] = ["simd", "relaxed-simd"];

/** Lengths with and without values beyond whole vectors of four. */
const length = fc.integer({ min: 1, max: 23 });

/** Each within some units in the last place, of the result or of the largest term that cancels in it. */
function expectClose(got: readonly number[], wanted: readonly number[], largest = 1): void {
  expect(got.length).toBe(wanted.length);
  for (const [index, value] of wanted.entries()) {
    expect(Math.abs((got[index] ?? Number.NaN) - value)).toBeLessThanOrEqual(
      4e-7 * Math.max(largest, Math.abs(value)),
    );
  }
}

const at = (values: readonly number[], index: number): number => values[index] ?? Number.NaN;

describe.each(BUILDS)("the build with %s", (build) => {
  test("adds products to what is there, in blocks of any size", () => {
    const sizes = fc.tuple(length, length, fc.integer({ min: 1, max: 600 }));
    const property = fc.property(sizes, ([rows, columns, depth]) => {
      const bench = new Bench(build);
      const [a, b, c] = [rows * depth, depth * columns, rows * columns].map((n) => bench.random(n));
      const target = bench.put(c ?? []);
      const workspace = bench.workspace(bench.kernels.gemmWorkspace(columns));
      const [left, right] = [bench.put(a ?? []), bench.put(b ?? [])];
      bench.kernels.gemm(
        rows,
        columns,
        depth,
        left,
        depth,
        1,
        right,
        columns,
        1,
        target,
        columns,
        true,
        0,
        false,
        workspace,
      );
      const wanted = (c ?? []).map((start, index) => {
        const [row, column] = [Math.floor(index / columns), index % columns];
        const terms = Array.from(
          { length: depth },
          (_, step) => at(a ?? [], row * depth + step) * at(b ?? [], step * columns + column),
        );
        return terms.reduce((sum, term) => sum + term, start);
      });
      expectClose(bench.get(target, rows * columns), wanted, 2 * depth);
    });
    fc.assert(property, { numRuns: 30 });
  });

  test("passes gradients where relu was above 0", () => {
    const property = fc.property(length, (count) => {
      const bench = new Bench(build);
      const gradient = bench.random(count);
      const out = bench.random(count).map((value) => Math.max(0, value));
      const address = bench.put(gradient);
      bench.kernels.reluGradient(address, bench.put(out), address, count);
      const wanted = gradient.map((value, index) => (at(out, index) > 0 ? value : 0));
      expect(bench.get(address, count)).toEqual(wanted);
    });
    fc.assert(property);
  });

  test("sums columns and scaled vectors", () => {
    const property = fc.property(length, length, (rows, columns) => {
      const bench = new Bench(build);
      const x = bench.random(rows * columns);
      const [matrix, sums] = [bench.put(x), bench.put(bench.random(columns))];
      bench.kernels.columnSums(matrix, sums, rows, columns);
      const wanted = Array.from({ length: columns }, (_, column) =>
        x.reduce((sum, value, index) => sum + (index % columns === column ? value : 0), 0),
      );
      expectClose(bench.get(sums, columns), wanted, 2 * rows);
      const y = bench.random(x.length);
      bench.kernels.addScaled(matrix, bench.put(y), x.length, -0.5);
      expectClose(
        bench.get(matrix, x.length),
        x.map((value, i) => value - 0.5 * at(y, i)),
        2,
      );
    });
    fc.assert(property);
  });

  test("adds a bias to every row, takes the positive part and leaves what is not a number", () => {
    const property = fc.property(length, length, fc.boolean(), (rows, columns, isRelu) => {
      const bench = new Bench(build);
      const x = bench.random(rows * columns).with(0, Number.NaN);
      const bias = bench.random(columns);
      const finish = (value: number) => (isRelu ? Math.max(value, 0) : value);
      const [plain, biased] = [bench.put(x), bench.put(x)];
      bench.kernels.finishRows(plain, 0, rows, columns, isRelu);
      expect(bench.get(plain, x.length)).toEqual(x.map(finish).map((value) => value + 0));
      bench.kernels.finishRows(biased, bench.put(bias), rows, columns, isRelu);
      const wanted = x.map((value, index) => finish(value + at(bias, index % columns)));
      expectClose(bench.get(biased, x.length).with(0, 0), wanted.with(0, 0), 4);
      expect(bench.get(biased, 1)).toEqual([Number.NaN]);
    });
    fc.assert(property);
  });

  test("draws a gradient towards where the weights began", () => {
    const property = fc.property(length, (count) => {
      const bench = new Bench(build);
      const [g, w, a] = [1, 2, 3].map(() => bench.random(count)) as [number[], number[], number[]];
      const gradient = bench.put(g);
      bench.kernels.addProximal(gradient, bench.put(w), bench.put(a), count, 0.25);
      const wanted = g.map((value, i) => value + 0.25 * (at(w, i) - at(a, i)));
      expectClose(bench.get(gradient, count), wanted, 4);
    });
    fc.assert(property);
  });

  test("takes the steps of momentum and of Adam", () => {
    const property = fc.property(length, fc.integer({ min: 1, max: 9 }), (count, step) => {
      const bench = new Bench(build);
      const [w, g, m, s] = [1, 2, 3, 4].map(() => bench.random(count)) as number[][] as [
        number[],
        number[],
        number[],
        number[],
      ];
      const squares = s.map(Math.abs);
      const [weights, slow] = [bench.put(w), bench.put(w)];
      const gradient = bench.put(g);
      const [velocity, mean, square] = [bench.put(m), bench.put(m), bench.put(squares)];
      bench.kernels.momentumStep(slow, gradient, velocity, count, 0.1, 0.9);
      const speed = g.map((value, i) => 0.9 * at(m, i) + value);
      expectClose(bench.get(velocity, count), speed, 4);
      expectClose(
        bench.get(slow, count),
        w.map((value, i) => value - 0.1 * at(speed, i)),
        4,
      );
      const corrections: [number, number] = [1 - 0.9 ** step, 1 - 0.999 ** step];
      bench.kernels.adamStep(
        weights,
        gradient,
        mean,
        square,
        count,
        0.01,
        0.9,
        0.999,
        1e-7,
        ...corrections,
      );
      const average = g.map((value, i) => 0.9 * at(m, i) + 0.1 * value);
      const power = g.map((value, i) => 0.999 * at(squares, i) + 0.001 * value ** 2);
      expectClose(bench.get(mean, count), average, 4);
      expectClose(bench.get(square, count), power, 4);
      const wanted = w.map((value, i) => {
        const size = Math.sqrt(at(power, i) / corrections[1]) + 1e-7;
        return value - (0.01 * at(average, i)) / corrections[0] / size;
      });
      expectClose(bench.get(weights, count), wanted, 8);
    });
    fc.assert(property);
  });
});

describe.each(BUILDS)("softmax with cross-entropy, built with %s,", (build) => {
  test("has the loss and the gradient of its definition, also far from the label", () => {
    const row = fc.array(fc.double({ min: -50, max: 50, noNaN: true }), {
      minLength: 2,
      maxLength: 12,
    });
    const property = fc.property(row, fc.nat(), fc.nat({ max: 3 }), (values, draw, others) => {
      const bench = new Bench(build);
      const logits = values.map(Math.fround);
      const rows = others + 1;
      const label = draw % logits.length;
      const matrix = bench.put(Array.from({ length: rows }, () => logits).flat());
      const labels = bench.put(
        Array.from({ length: rows }, () => label),
        Int32Array,
      );
      const { length: classes } = logits;
      const loss = bench.kernels.softmaxCrossEntropy(matrix, labels, matrix, rows, classes, 0.25);
      const largest = Math.max(...logits);
      const powers = logits.map((value) => Math.exp(value - largest));
      const sum = powers.reduce((total, power) => total + power, 0);
      const wanted = rows * (Math.log(sum) + largest - at(logits, label));
      expectClose([loss], [wanted], rows);
      const gradient = powers.map(
        (power, index) => 0.25 * (power / sum - (index === label ? 1 : 0)),
      );
      expectClose(bench.get(matrix, rows * classes).slice(-classes), gradient);
    });
    fc.assert(property);
  });

  test("is not a number where a logit is none", () => {
    const bench = new Bench(build);
    const matrix = bench.put([1, Number.NaN, 2]);
    const labels = bench.put([0], Int32Array);
    expect(bench.kernels.softmaxCrossEntropy(matrix, labels, matrix, 1, 3, 1)).toBeNaN();
    expect(bench.get(matrix, 3)).toEqual([Number.NaN, Number.NaN, Number.NaN]);
  });
});
