import { z } from "zod";
import { topologySchema } from "../model/topology-schema.ts";
import { dataSchema } from "./data-schema.ts";
import { choice, positiveNumber, record, share, text, wholeNumber } from "./fields.ts";
import type { Plan } from "./plan.ts";
import { runFields } from "./run-fields.ts";

const { name, protection, seed, roundPolicy } = runFields;
const MAX_LEARNING_RATE = 1000;

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
  proximal: positiveNumber(1000).exactOptional(),
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

const hash = text("64 hexadecimal digits, lowercase", /^[0-9a-f]{64}$/);
const preparedBy = record({ runId: hash, modelHash: hash });

/**
 * The form of a plan: unknown keys are errors, and every message is what was wanted. Well-formed options that contradict
 * each other are for {@link contradictionsOf}.
 */
export const planSchema: z.ZodType<Plan> = record({
  name,
  model: topologySchema,
  data: dataSchema,
  holdOut: share(),
  training,
  strategy,
  protection,
  rounds: wholeNumber(1, 1_000_000),
  seed,
  roundPolicy,
  preparedBy: preparedBy.exactOptional(),
});
