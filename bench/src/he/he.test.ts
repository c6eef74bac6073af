import { heParameters } from "@chorus/aggregation/he";
import { expect, test } from "vitest";
import { meanError } from "./accuracy.ts";
import { type HeCosts, measureWays, type StepSeconds, type Way } from "./he-costs.ts";
import { againstHeBudgets, heTable } from "./he-tables.ts";
import { countWrongValues, differences } from "./wrong-values.ts";

const SECONDS: StepSeconds = {
  quantise: 0.05,
  mask: 0.5,
  encrypt: 0.3,
  add: 0.04,
  takeOff: 0.7,
  open: 0.1,
  decode: 0.04,
};
const COSTS: HeCosts = { name: "ours", sentBytes: 2.26, sumBytes: 4.5, seconds: SECONDS };

test("of as many participants as there may be, no value of the sum is wrong", async () => {
  expect(await countWrongValues(heParameters(16, 64), 1000)).toEqual({
    participants: 64,
    values: 1008,
    wrong: 0,
  });
});

test("a wrong value is counted, and its neighbours are not", () => {
  expect(differences(Uint32Array.of(1, 2, 3), Uint32Array.of(1, 2, 3))).toBe(0);
  expect(differences(Uint32Array.of(1, 2, 3), Uint32Array.of(1, 5, 3))).toBe(1);
});

test("the mean of 8-bit updates is off by two hundredths at most, of 15-bit ones by a hundredth of that", () => {
  const { bits8, bits15, float32 } = meanError(4, 1);
  expect(bits8).toBeLessThan(0.02);
  expect(bits15).toBeLessThan(0.0002);
  expect(float32).toBeLessThan(1e-6);
  // As large for updates of a tenth, which makes it ten times the share.
  expect(meanError(4, 0.1).bits8 / bits8).toBeGreaterThan(5);
});

test("a turn that warms up does not count, and of the others the middle one does", async () => {
  const turns = [9, 1, 5, 2];
  const way: Way = {
    name: "way",
    sentBytes: 1,
    sumBytes: 2,
    measure: async () => ({ ...SECONDS, add: turns.shift() ?? Number.NaN }),
  };
  expect(await measureWays([way], 3)).toEqual([
    { name: "way", sentBytes: 1, sumBytes: 2, seconds: { ...SECONDS, add: 2 } },
  ]);
});

test("masks are outside the participant's budget; every budget that is missed is said to be", () => {
  const none = { participants: 128, values: 6, wrong: 0 };
  expect(againstHeBudgets(COSTS, [none]).map(({ holds }) => holds)).toEqual([
    true,
    true,
    true,
    true,
    true,
    true,
  ]);
  const seconds = { ...SECONDS, encrypt: 0.301, add: 0.046, open: 0.151 };
  const missed = againstHeBudgets({ ...COSTS, seconds, sentBytes: 2.76 }, [{ ...none, wrong: 1 }]);
  expect(missed.every(({ holds }) => !holds)).toBe(true);
});

test("the table leaves steps out that a way does not have", () => {
  const [, , row] = heTable([{ ...COSTS, seconds: { ...SECONDS, mask: 0 } }]).split("\n");
  expect(row?.trim().split(/\s+/)).toEqual([
    "ours",
    "50.0",
    "300.0",
    "40.0",
    "700.0",
    "100.0",
    "40.0",
    "2.26",
    "4.50",
  ]);
});
