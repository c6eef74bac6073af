import { type DataSchema, type Plan, parsePlan, SMALLEST_RUN } from "@chorus/aggregation";
import type { Dataset } from "./dataset.ts";
import { ExampleWriter } from "./example-writer.ts";
import { selectExamples } from "./examples.test-support.ts";
import type { Examples } from "./examples.ts";
import { type ReadingSummary, readExamples } from "./read-examples.ts";
import { type Report, refuseAll } from "./report.ts";

/** A plan that trains the least that takes such data. `shape`: of one example. */
export function planFor(data: DataSchema, shape: readonly number[]): Plan {
  const classes =
    "classes" in data ? data.classes : data.label.kind === "binary" ? 1 : data.label.values;
  const units = typeof classes === "number" ? classes : classes.length;
  const isBinary = "label" in data && data.label.kind === "binary";
  const dense = { units, activation: isBinary ? "sigmoid" : "softmax" };
  const input = { batch_input_shape: [null, ...shape] };
  const isFlat = shape.length === 1;
  const flattened = isFlat ? [] : [{ class_name: "Flatten", config: input }];
  const first = isFlat ? input : {};
  return parsePlan({
    name: "sample",
    model: {
      class_name: "Sequential",
      config: {
        name: "sample",
        layers: [...flattened, { class_name: "Dense", config: { ...dense, ...first } }],
      },
    },
    data,
    holdOut: 0,
    training: {
      loss: isBinary ? "binaryCrossentropy" : "categoricalCrossentropy",
      optimizer: { kind: "sgd", learningRate: 0.5, momentum: 0 },
      batchSize: 8,
      localSteps: 10,
    },
    ...SMALLEST_RUN,
    seed: 7,
  });
}

/** What a file or a folder holds, however little. `report`: by default the first problem ends the reading. */
export async function readAll(
  path: string,
  source: {
    readonly data: DataSchema;
    readonly shape: readonly number[];
    readonly report?: Report;
  },
  signal: AbortSignal,
): Promise<ReadingSummary & { readonly dataset: Dataset }> {
  const { data, shape, report = refuseAll } = source;
  using sink = new ExampleWriter(shape, { limitBytes: Number.POSITIVE_INFINITY, directory: "" });
  const tools = { sink, report, progress: () => {} };
  const summary = await readExamples(path, planFor(data, shape), tools, signal);
  return { dataset: everything(await sink.finish()), ...summary };
}

/** All examples, in memory. */
export function everything(source: Dataset | Examples): Dataset {
  return selectExamples(
    source,
    Uint32Array.from({ length: source.examples }, (_, index) => index),
  );
}
