import { expect, test } from "vitest";
import { extrapolatedMs } from "./extrapolation.ts";

test("what a step takes whatever its size is counted once: 100 ms and 10 for each of 32 examples", () => {
  const [few, more] = [
    { examples: 2, ms: 120 },
    { examples: 6, ms: 160 },
  ];
  expect(extrapolatedMs(few, more, 32)).toBe(420);
});

test("a step on more examples never takes less, whatever noise the two steps had", () => {
  const [few, more] = [
    { examples: 2, ms: 130 },
    { examples: 6, ms: 120 },
  ];
  expect(extrapolatedMs(few, more, 32)).toBe(120);
});
