import { expect, test } from "vitest";
import { countsOf } from "./counts.ts";

const update = { delta: new Float32Array(), examples: 50, meanLoss: 0.1 };

test("losses are summed over examples, so that sites' counts add up to the mean over all examples", () => {
  const sites = [
    { examples: 10, correct: 4, meanLoss: 2 },
    { examples: 30, correct: 9, meanLoss: 0.5 },
  ].map((evaluation) => countsOf(update, evaluation));
  const millis = sites.reduce((sum, { evaluationLossMillis }) => sum + evaluationLossMillis, 0);
  expect(millis / 1000 / 40).toBe((10 * 2 + 30 * 0.5) / 40);
});

test.each([Number.NaN, Number.POSITIVE_INFINITY, 1e30, -1])(
  "a mean loss of %d is counted as the largest there is",
  (meanLoss) => {
    const counts = countsOf(update, { examples: 10, correct: 0, meanLoss });
    expect(counts.evaluationLossMillis).toBe(2 ** 32 - 1);
  },
);

test("a site without a hold-out adds nothing to the loss", () => {
  const counts = countsOf(update, { examples: 0, correct: 0, meanLoss: Number.NaN });
  expect(counts).toEqual({
    trainingExamples: 50,
    evaluationExamples: 0,
    evaluationCorrect: 0,
    evaluationLossMillis: 0,
  });
});
