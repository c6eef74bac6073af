import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { type Plan, parsePlan, planHash } from "@chorus/aggregation";
import { beforeAll, expect, test } from "vitest";
import { type ProtectionChoice, protectedPlan } from "./protected-plan.ts";

const planPath = fileURLToPath(new URL("../../plans/mnist.json", import.meta.url));
const bounds = { clippingNorm: 20, maxExamples: 20_000 };

let masked: Plan;
beforeAll(async () => {
  masked = parsePlan(await readFile(planPath, "utf8"));
});

function choose(choice: Partial<ProtectionChoice>, plan = masked): Plan {
  return protectedPlan(plan, { protection: undefined, valueBits: undefined, ...choice });
}

test("without a choice, and with the one that it has, the demo's plan stays what it is to the bit", () => {
  for (const plan of [choose({}), choose({ protection: "masking" })])
    expect(planHash(plan)).toBe(planHash(masked));
});

test.each([8, 15, 16] as const)(
  "encryption with values of %i bits keeps the bounds of an update and all else of the plan",
  (valueBits) => {
    const { protection, ...rest } = choose({ protection: "he", valueBits });
    const { protection: _, ...wanted } = masked;
    expect(protection).toEqual({ kind: "he", valueBits, ...bounds });
    expect(rest).toEqual(wanted);
  },
);

test("encryption has values of 8 bits unless told otherwise, here or in the plan", () => {
  const encrypted = choose({ protection: "he" });
  expect(encrypted.protection).toMatchObject({ kind: "he", valueBits: 8 });
  const finer = choose({ valueBits: 15 }, encrypted);
  expect(finer.protection).toMatchObject({ kind: "he", valueBits: 15 });
  expect(choose({}, finer).protection).toMatchObject({ kind: "he", valueBits: 15 });
  expect(choose({ protection: "masking" }, finer)).toEqual(masked);
});

test("value bits of updates that are only masked are wrong usage, whoever says that they are", () => {
  const wrong = expect.objectContaining({ code: "wrong-usage" });
  expect(() => choose({ valueBits: 8 })).toThrow(wrong);
  expect(() => choose({ valueBits: 8, protection: "masking" })).toThrow(wrong);
});
