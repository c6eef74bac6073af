import { expect, test } from "vitest";
import { Repetitions } from "./repetitions.ts";

test("repetitions are found among the first examples and no others, label included", () => {
  const found = new Repetitions(4);
  for (const [value, label] of [
    [1, 0],
    [1, 1],
    [1, 0],
    [2, 0],
    [1, 0],
    [3, 0],
  ] as const)
    found.add(Float32Array.of(value, 0), label);
  expect([found.examples, found.searched]).toEqual([1, 4]);
});
