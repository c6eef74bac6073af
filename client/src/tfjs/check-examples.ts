import { classCount, exampleShape, type Plan, vocabularyOf } from "@chorus/aggregation";
import { batchesInOrder, type Examples } from "../data/examples.ts";
import { ClientError } from "../error.ts";
import { requireTokens } from "./tokens.ts";
import { Turns } from "./turns.ts";

/**
 * Throws {@link ClientError} `bad-data` for examples that a plan's model does not take: of another shape, with labels that are no classes,
 * and with numbers that its tables do not have, for which all examples are read; the signal's reason when aborted.
 */
export async function checkExamples(
  examples: Examples,
  plan: Plan,
  signal: AbortSignal,
): Promise<void> {
  checkShape(examples, plan);
  checkLabels(examples, plan);
  const vocabulary = vocabularyOf(plan.model);
  if (vocabulary !== undefined) await checkTokens(examples, vocabulary, signal);
}

function checkShape({ featureShape }: Examples, plan: Plan): void {
  const [got, wanted] = [featureShape, exampleShape(plan)].map((shape) => `[${shape.join(", ")}]`);
  if (got === wanted) return;
  throw new ClientError("bad-data", `the dataset's examples are ${got}, the plan's ${wanted}`);
}

function checkLabels({ labels }: Examples, plan: Plan): void {
  const classes = classCount(plan.data);
  const bad = labels.find((label) => label < 0 || label >= classes);
  if (bad === undefined) return;
  throw new ClientError("bad-data", `the dataset has label ${bad}, the plan 0 to ${classes - 1}`);
}

/** Few enough to let others run in between. */
const EXAMPLES_AT_A_TIME = 256;

async function checkTokens(
  examples: Examples,
  vocabulary: number,
  signal: AbortSignal,
): Promise<void> {
  const turns = new Turns();
  for (const { features } of batchesInOrder(examples, EXAMPLES_AT_A_TIME)) {
    requireTokens(features, vocabulary);
    if (turns.isDue) await turns.take(signal);
  }
}
