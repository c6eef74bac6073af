import { inputShape, inputShapePath } from "../model/model-graph.ts";
import type { ModelTopology } from "../model/topology.ts";
import { vocabularyOf } from "../model/vocabulary.ts";
import type { Columns, DataSchema, Feature, ImagesSchema, NumberFeature } from "./plan-data.ts";
import { encodedFeatureCount } from "./plan-facts.ts";
import { type Problem, problem } from "./problems.ts";
import { repetitions } from "./repetitions.ts";

const WHOLE = ", as an Embedding layer looks whole numbers up";

/** Parts of a well-formed `data` section that do not go with each other. Empty when all do. */
export function dataContradictions(data: DataSchema): readonly Problem[] {
  if (data.format === "idx") return [];
  if (data.format === "images")
    return repetitions(data.classes, (index) => `data.classes.${index}`);
  return [...inColumns(data), ...data.features.flatMap(inImputation)];
}

/** Where a model does not take the examples that `data` describes. */
export function inputContradictions(data: DataSchema, model: ModelTopology): readonly Problem[] {
  const hasTable = vocabularyOf(model) !== undefined;
  return [...inShape(data, model), ...(hasTable ? inTokens(data) : [])];
}

function inShape(data: DataSchema, model: ModelTopology): readonly Problem[] {
  // How large an image of an IDX file is only that file tells: the site's reader compares.
  if (data.format === "idx") return [];
  const [wanted, source] = data.format === "images" ? wantedByImages(data) : wantedByColumns(data);
  const shape = inputShape(model);
  if (shape.join() === wanted.join()) return [];
  return [
    problem(
      inputShapePath(model),
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

/** Numbers of `data` that are not whole any more when a model looks them up in its table. */
function inTokens(data: DataSchema): readonly Problem[] {
  if (data.format === "idx" || data.format === "images")
    return data.scale === 1 ? [] : [problem("data.scale", data.scale, `1${WHOLE}`)];
  return data.features.flatMap((feature, index) =>
    feature.kind === "number" ? inTokenColumn(feature, `data.features.${index}`) : [],
  );
}

function inTokenColumn({ mean, scale, missing }: NumberFeature, path: string): readonly Problem[] {
  const isWhole = (value: number) => Number.isInteger(value);
  return [
    ...(scale === 1 ? [] : [problem(`${path}.scale`, scale, `1${WHOLE}`)]),
    ...(isWhole(mean) ? [] : [problem(`${path}.mean`, mean, `a whole number${WHOLE}`)]),
    ...(missing === undefined || isWhole(missing.impute)
      ? []
      : [problem(`${path}.missing.impute`, missing.impute, `a whole number${WHOLE}`)]),
  ];
}

function inColumns(data: Columns): readonly Problem[] {
  const labelled = [
    ...data.features.map((feature, index) => ({ ...feature, path: `data.features.${index}` })),
    { ...data.label, path: "data.label" },
  ];
  return [
    ...repetitions(
      labelled.map(({ column }) => column),
      (index) => `${labelled[index]?.path}.column`,
    ),
    ...labelled.flatMap((column) =>
      "values" in column
        ? repetitions(column.values, (place) => `${column.path}.values.${place}`)
        : [],
    ),
  ];
}

function inImputation(feature: Feature, index: number): readonly Problem[] {
  const path = `data.features.${index}.missing.impute`;
  if (feature.kind === "number") return inNumberImputation(feature, path);
  if (feature.missing === undefined) return [];
  const { impute } = feature.missing;
  if (feature.values.includes(impute)) return [];
  return [problem(path, JSON.stringify(impute), "one of the feature's values")];
}

function inNumberImputation(
  { mean, scale, missing }: NumberFeature,
  path: string,
): readonly Problem[] {
  if (missing === undefined || Number.isFinite(Math.fround((missing.impute - mean) / scale)))
    return [];
  return [problem(path, missing.impute, "a number that float32 can hold once scaled")];
}
