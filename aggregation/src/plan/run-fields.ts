import { z } from "zod";
import { numberFrom, record, text, wholeNumber } from "./fields.ts";
import type { MaskingProtection, Protection, RoundPolicy } from "./plan.ts";

const DAY_MS = 86_400_000;

const bounds = {
  // At the largest norm and the largest cohort the ring of 32 bits still has 2^10 steps a unit.
  clippingNorm: numberFrom(1e-6, 10_000),
  maxExamples: wholeNumber(1, 1_000_000_000),
};

const protection = z.discriminatedUnion(
  "kind",
  [
    record({ kind: z.literal("masking"), ...bounds }),
    record({
      kind: z.literal("he"),
      valueBits: z.literal([8, 15, 16], { error: "8, 15 or 16" }),
      ...bounds,
    }),
  ],
  { error: "one of masking, he" },
);

/** Of plans whose sums are for everybody. */
export const statisticsProtection: z.ZodType<MaskingProtection> = record({
  kind: z.literal("masking", {
    error: '"masking": the sums of statistics stand in the plan that is made of them',
  }),
  ...bounds,
});

const deadlines = record({
  training: wholeNumber(1, 7 * DAY_MS),
  exchange: wholeNumber(1, 7 * DAY_MS),
});

const roundPolicy = record({
  select: wholeNumber(3, 1_000),
  overSelect: numberFrom(1, 10),
  quorum: wholeNumber(3, 1_000),
  minSurvivors: wholeNumber(3, 1_000),
  softDeadlineMs: deadlines,
  hardDeadlineMs: deadlines,
});

/** What every run's plan has, whether it trains a model or makes statistics. */
export const runFields: {
  readonly name: z.ZodType<string>;
  readonly protection: z.ZodType<Protection>;
  readonly seed: z.ZodType<number>;
  readonly roundPolicy: z.ZodType<RoundPolicy>;
} = {
  name: text("1 to 64 of a-z, 0-9 and -", /^[a-z0-9-]{1,64}$/),
  protection,
  seed: wholeNumber(0, 2 ** 32 - 1),
  roundPolicy,
};
