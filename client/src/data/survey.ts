import { exampleShape, type Plan } from "@chorus/aggregation";
import { ClientError } from "../error.ts";
import { classNamesOf } from "./class-names.ts";
import { type NumberSummary, NumberTally, PlaceTally } from "./column-summary.ts";
import type { ExampleSink } from "./example-writer.ts";
import { requireEnough } from "./load.ts";
import { type ReadingSummary, readExamples } from "./read-examples.ts";
import type { Progress } from "./reader-tools.ts";
import { Repetitions } from "./repetitions.ts";
import { warningsOf } from "./warnings.ts";

/** What a site's data are like, and what is wrong with them. For the people at the site: it quotes their data. */
export interface Survey extends ReadingSummary {
  readonly examples: number;
  /** Shape of one example. */
  readonly featureShape: readonly number[];
  /** Examples of each class, in the plan's order. */
  readonly classes: readonly { readonly name: string; readonly examples: number }[];
  /** All features of all examples, as the model gets them; NaN without examples. */
  readonly encoded: Pick<NumberSummary, "smallest" | "mean" | "largest">;
  /** Examples that are the same as an earlier one, among the first `searched`. */
  readonly repetitions: { readonly examples: number; readonly searched: number };
  /** What a participant would refuse, in the order in which it was found. */
  readonly problems: readonly string[];
  /** Whether the data were read to their end: a file that is not what the plan says may not be, nor one of many problems. */
  readonly isComplete: boolean;
  /** What a participant would train on all the same. */
  readonly warnings: readonly string[];
}

/** How a site is surveyed. */
export interface SurveyOptions {
  /** Problems after which the reading ends, 1 or more. */
  readonly maxProblems: number;
  readonly progress: Progress;
}

/**
 * Reads a site's data exactly as a participant would, but goes on after a problem, and keeps none of them: memory does not
 * grow with the data. Throws {@link ClientError} `unreadable` where the system refuses; the signal's reason when aborted.
 */
export async function surveyData(
  path: string,
  plan: Plan,
  { maxProblems, progress }: SurveyOptions,
  signal: AbortSignal,
): Promise<Survey> {
  const sink = new SurveySink(classNamesOf(plan.data));
  const problems = new Problems(maxProblems);
  const report = (problem: ClientError): void => problems.add(problem);
  const read = async (): Promise<ReadingSummary> => {
    const summary = await readExamples(path, plan, { sink, report, progress }, signal);
    // Too few examples are no wonder where some are refused.
    if (problems.messages.length === 0)
      requireEnough(path, plan, { examples: sink.examples, ...summary });
    return summary;
  };
  const summary = await read().catch((error: unknown) => problems.lastOf(error));
  const { droppedRows, columns } = summary ?? { droppedRows: 0, columns: [] };
  const survey = {
    droppedRows,
    columns,
    featureShape: exampleShape(plan),
    ...sink.found,
    problems: problems.messages,
    isComplete: summary !== undefined,
  };
  return { ...survey, warnings: warningsOf(survey, plan.data) };
}

/** Looks at examples and forgets them. */
class SurveySink implements ExampleSink {
  readonly #classNames: readonly string[];
  readonly #classes: PlaceTally;
  readonly #encoded = new NumberTally();
  readonly #repetitions = new Repetitions();
  #examples = 0;

  constructor(classNames: readonly string[]) {
    this.#classNames = classNames;
    this.#classes = new PlaceTally(classNames.length);
  }

  get examples(): number {
    return this.#examples;
  }

  async append(features: Float32Array, label: number): Promise<void> {
    this.#examples++;
    this.#classes.add(label);
    this.#repetitions.add(features, label);
    for (const value of features) this.#encoded.add(value);
  }

  get found(): Pick<Survey, "examples" | "classes" | "encoded" | "repetitions"> {
    const { counts } = this.#classes;
    const classes = this.#classNames.map((name, index) => ({ name, examples: counts[index] ?? 0 }));
    const { examples, searched } = this.#repetitions;
    const repetitions = { examples, searched };
    return { examples: this.#examples, classes, encoded: this.#encoded.range, repetitions };
  }
}

/** Collects problems until there are enough. */
class Problems {
  readonly messages: string[] = [];
  readonly #most: number;

  constructor(most: number) {
    this.#most = most;
  }

  /** Ends the reading when it is the last one wanted. */
  add(problem: ClientError): void {
    this.messages.push(problem.message);
    if (this.messages.length === this.#most) throw new EnoughProblems();
  }

  /** What ended the reading, if it is a problem of the data; what it was otherwise is thrown. */
  lastOf(error: unknown): undefined {
    if (error instanceof EnoughProblems) return;
    if (!(error instanceof ClientError) || error.code !== "bad-data") throw error;
    this.messages.push(error.message);
  }
}

/** Ends a reading; nobody is told. */
class EnoughProblems extends Error {}
