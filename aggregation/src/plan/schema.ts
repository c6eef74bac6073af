import { z } from "zod";
import { topologySchema } from "../model/topology-schema.ts";
import {
  choice,
  listOf,
  number,
  numberFrom,
  positiveNumber,
  record,
  share,
  text,
  wholeNumber,
} from "./fields.ts";
import type { Plan } from "./plan.ts";

const DAY_MS = 86_400_000;
const MAX_LEARNING_RATE = 1000;
const MAX_SCALE = 1e9;

const column = text("a column's name of 1 to 128 characters", /^.{1,128}$/u);
const categories = listOf(text("a value of 1 to 128 characters", /^.{1,128}$/u), 2, 1000);
const anyNumber = number("a number", () => true);

const feature = z.discriminatedUnion(
  "kind",
  [
    record({
      column,
      kind: z.literal("number"),
      mean: anyNumber,
      scale: positiveNumber(MAX_SCALE),
    }),
    record({ column, kind: z.literal("category"), values: categories }),
  ],
  { error: "one of number, category" },
);

const label = z.discriminatedUnion(
  "kind",
  [
    record({ column, kind: z.literal("binary"), positiveAbove: anyNumber }),
    record({ column, kind: z.literal("category"), values: categories }),
  ],
  { error: "one of binary, category" },
);

const data = z.discriminatedUnion(
  "format",
  [
    record({
      format: z.literal("idx"),
      classes: wholeNumber(2, 256),
      scale: positiveNumber(MAX_SCALE),
    }),
    record({
      format: z.literal("csv"),
      features: listOf(feature, 1, 10_000),
      label,
      missing: choice(["drop-row", "refuse"]),
    }),
  ],
  { error: "one of idx, csv" },
);

const optimizer = z.discriminatedUnion(
  "kind",
  [
    record({
      kind: z.literal("sgd"),
      learningRate: positiveNumber(MAX_LEARNING_RATE),
      momentum: share(),
    }),
    record({ kind: z.literal("adam"), learningRate: positiveNumber(MAX_LEARNING_RATE) }),
  ],
  { error: "one of sgd, adam" },
);

const training = record({
  loss: choice(["categoricalCrossentropy", "binaryCrossentropy"]),
  optimizer,
  batchSize: wholeNumber(1, 65_536),
  localSteps: wholeNumber(1, 1_000_000),
});

const adaptiveFields = {
  learningRate: positiveNumber(MAX_LEARNING_RATE),
  beta1: share(),
  beta2: share(),
  tau: positiveNumber(1),
};

const strategy = z.discriminatedUnion(
  "kind",
  [
    record({ kind: z.literal("fedavg") }),
    record({
      kind: z.literal("fedavgm"),
      learningRate: positiveNumber(MAX_LEARNING_RATE),
      momentum: share(),
    }),
    record({
      kind: z.literal("diloco"),
      learningRate: positiveNumber(MAX_LEARNING_RATE),
      momentum: share(),
    }),
    record({ kind: z.literal("fedadam"), ...adaptiveFields }),
    record({ kind: z.literal("fedyogi"), ...adaptiveFields }),
  ],
  { error: "one of fedavg, fedavgm, diloco, fedadam, fedyogi" },
);

const protection = record({
  kind: z.literal("masking", { error: '"masking"' }),
  // At the largest norm and the largest cohort the ring of 32 bits still has 2^10 steps a unit.
  clippingNorm: numberFrom(1e-6, 10_000),
  maxExamples: wholeNumber(1, 1_000_000_000),
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

/**
 * The form of a plan: unknown keys are errors, and every message is what was wanted. Well-formed options that contradict
 * each other are for {@link contradictionsOf}.
 */
export const planSchema: z.ZodType<Plan> = record({
  name: text("1 to 64 of a-z, 0-9 and -", /^[a-z0-9-]{1,64}$/),
  model: topologySchema,
  data,
  holdOut: share(),
  training,
  strategy,
  protection,
  rounds: wholeNumber(1, 1_000_000),
  seed: wholeNumber(0, 2 ** 32 - 1),
  roundPolicy,
});
