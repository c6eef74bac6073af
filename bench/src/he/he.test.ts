import { heParameters, Seal } from "@chorus/aggregation/he";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type HeCosts, measureWays, type StepSeconds, type Way } from "./he-costs.ts";
import { againstHeBudgets, heTable } from "./he-tables.ts";
import { countWrongValues, wrongLanes } from "./wrong-values.ts";

let seal: Seal;
beforeAll(async () => {
  seal = await Seal.open();
});
afterAll(() => seal[Symbol.dispose]());

const SECONDS: StepSeconds = { quantise: 0.05, mask: 0.5, encrypt: 0.3, add: 0.04, open: 0.1 };
const COSTS: HeCosts = { name: "ours", sentBytes: 2.26, sumBytes: 4.5, seconds: SECONDS };

test("of as many participants as there may be, no value of the sum is wrong, in all of the coefficients", () => {
  expect(countWrongValues(seal, heParameters(16, 64), 1000)).toEqual({
    participants: 64,
    values: 2 * 2048,
    wrong: 0,
  });
});

test("a wrong lane is counted, and its neighbours are not", () => {
  const parameters = heParameters(8, 1);
  const exact = Float64Array.of(5, 7 + 9 * 2 ** 15 + 11 * 2 ** 30);
  const opened = new Uint32Array(BigUint64Array.from(exact, BigInt).buffer);
  expect(wrongLanes(parameters, exact, opened)).toBe(0);
  opened[2] = (opened[2] ?? 0) ^ (1 << 16);
  expect(wrongLanes(parameters, exact, opened)).toBe(1);
});

test("a turn that warms up does not count, and of the others the middle one does", () => {
  const turns = [9, 1, 5, 2];
  const way: Way = {
    name: "way",
    sentBytes: 1,
    sumBytes: 2,
    measure: () => ({ ...SECONDS, add: turns.shift() ?? Number.NaN }),
  };
  expect(measureWays([way], 3)).toEqual([
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
    "100.0",
    "2.26",
    "4.50",
  ]);
});
