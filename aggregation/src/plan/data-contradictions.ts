import type { Columns, DataSchema, Feature, ImagesSchema } from "./plan-data.ts";
import { encodedFeatureCount } from "./plan-facts.ts";
import { type Problem, problem } from "./problems.ts";

/** Parts of a well-formed `data` section that do not go with each other. Empty when all do. */
export function dataContradictions(data: DataSchema): readonly Problem[] {
  if (data.format === "idx") return [];
  if (data.format === "images") return repeatedAmong("data.classes", data.classes);
  return [...inColumns(data), ...data.features.flatMap(inImputation)];
}

/** Where a model does not take the examples that `data` describes. `shape`: what its first layer takes, without the batch. */
export function inputContradictions(
  data: DataSchema,
  shape: readonly number[],
): readonly Problem[] {
  // How large an image of an IDX file is only that file tells: the site's reader compares.
  if (data.format === "idx") return [];
  const [wanted, source] = data.format === "images" ? wantedByImages(data) : wantedByColumns(data);
  if (shape.join() === wanted.join()) return [];
  return [
    problem(
      "model.config.layers.0.config.batch_input_shape",
      `[null, ${shape.join(", ")}]`,
      `[null, ${wanted.join(", ")}], ${source}`,
    ),
  ];
}

function wantedByImages({ height, width, channels }: ImagesSchema): [readonly number[], string] {
  return [[height, width, channels], "height, width and channels of data"];
}

function wantedByColumns(columns: Columns): [readonly number[], string] {
  return [[encodedFeatureCount(columns)], "the numbers that data.features become"];
}

function inColumns(data: Columns): Problem[] {
  const labelled = [
    ...data.features.map((feature, index) => ({ ...feature, path: `data.features.${index}` })),
    { ...data.label, path: "data.label" },
  ];
  return labelled.flatMap((column, index) => [
    ...repeated(
      `${column.path}.column`,
      column.column,
      labelled.slice(0, index).map((earlier) => earlier.column),
    ),
    ...("values" in column ? repeatedAmong(`${column.path}.values`, column.values) : []),
  ]);
}

function inImputation(feature: Feature, index: number): Problem[] {
  if (feature.kind === "number" || feature.missing === undefined) return [];
  const { impute } = feature.missing;
  if (feature.values.includes(impute)) return [];
  const path = `data.features.${index}.missing.impute`;
  return [problem(path, JSON.stringify(impute), "one of the feature's values")];
}

function repeatedAmong(path: string, texts: readonly string[]): Problem[] {
  return texts.flatMap((text, index) => repeated(`${path}.${index}`, text, texts.slice(0, index)));
}

function repeated(path: string, text: string, earlier: readonly string[]): Problem[] {
  return earlier.includes(text)
    ? [problem(path, `${JSON.stringify(text)} again`, "every one once")]
    : [];
}
