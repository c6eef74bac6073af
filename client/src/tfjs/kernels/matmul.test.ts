import { matMul, memory, tensor, tidy } from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { beforeAll, expect, test } from "vitest";
import { openBackend } from "../backend.ts";

beforeAll(() => openBackend(new AbortController().signal));

/** Small integers: their products and sums are exact in float32, so results are compared without a tolerance. */
const element = fc.integer({ min: -8, max: 8 });
const size = fc.integer({ min: 1, max: 9 });

/** a x b by the definition. `a`: [rows, inner], `b`: [inner, columns]. */
function product(a: number[][], b: number[][]): number[][] {
  return a.map((row) =>
    (b[0] ?? []).map((_, column) => row.reduce((sum, x, k) => sum + x * (b[k]?.[column] ?? 0), 0)),
  );
}

function transposed(matrix: number[][]): number[][] {
  return (matrix[0] ?? []).map((_, column) => matrix.map((row) => row[column] ?? 0));
}

const matrices = fc
  .tuple(size, size, size, fc.integer({ min: 1, max: 3 }))
  .chain(([rows, inner, columns, count]) => {
    const matrix = (height: number, width: number) => {
      const row = fc.array(element, { minLength: width, maxLength: width });
      return fc.array(row, { minLength: height, maxLength: height });
    };
    const pair = fc.tuple(matrix(rows, inner), matrix(inner, columns));
    return fc.array(pair, { minLength: count, maxLength: count });
  });

test("products are right whichever operands are transposed, also several at once, and leave no tensor", () => {
  const before = memory().numTensors;
  fc.assert(
    fc.property(matrices, fc.boolean(), fc.boolean(), (pairs, transposeA, transposeB) => {
      const got = tidy(() => {
        const a = tensor(pairs.map(([left]) => (transposeA ? transposed(left) : left)));
        const b = tensor(pairs.map(([, right]) => (transposeB ? transposed(right) : right)));
        return matMul(a, b, transposeA, transposeB).dataSync();
      });
      const wanted = pairs.flatMap(([left, right]) => product(left, right).flat());
      expect([...got].map((value) => value + 0)).toEqual(wanted.map((value) => value + 0));
    }),
  );
  expect(memory().numTensors).toBe(before);
});
