import type { DataSchema, NumberFeature } from "@chorus/aggregation";
import type { CategorySummary, ColumnSummary, NumberSummary } from "./column-summary.ts";
import type { Survey } from "./survey.ts";

/** Beyond this many scales from its mean a feature drowns the others, or its unit is another than the plan's. */
const FAR_OUT = 10;

/** What is odd about data that can be trained on. */
export function warningsOf(survey: Omit<Survey, "warnings">, data: DataSchema): readonly string[] {
  if (survey.examples === 0) return [];
  const features = "features" in data ? data.features : [];
  return [
    ...survey.columns.flatMap((column) => constant(column, survey.examples)),
    ...features.flatMap((feature) => {
      const summary = survey.columns.find(({ column }) => column === feature.column);
      return feature.kind === "number" && summary?.kind === "number"
        ? farOut(feature, summary)
        : [];
    }),
    ...(survey.columns.length === 0 ? constantPixels(survey) : []),
    ...survey.classes
      .filter(({ examples }) => examples === 0)
      .map(({ name }) => `no example of the class ${name}`),
    ...leftOut(survey),
    ...repeated(survey),
  ];
}

function constant(summary: ColumnSummary, examples: number): readonly string[] {
  const own = examples - summary.imputed;
  if (own === 0) return [`column ${summary.column}: no example has a value of its own`];
  if (examples === 1) return [];
  const only = summary.kind === "number" ? onlyNumber(summary) : onlyValue(summary);
  return only === undefined ? [] : [`column ${summary.column}: every value is ${only}`];
}

function onlyNumber({ smallest, largest }: NumberSummary): string | undefined {
  return smallest === largest ? `${smallest}` : undefined;
}

function onlyValue({ values, counts }: CategorySummary): string | undefined {
  const found = values.filter((_, index) => (counts[index] ?? 0) > 0);
  return found.length === 1 ? found[0] : undefined;
}

function farOut({ column, mean, scale }: NumberFeature, summary: NumberSummary): readonly string[] {
  return [summary.smallest, summary.largest]
    .map((value) => ({ value, distance: Math.abs(value - mean) / scale }))
    .filter(({ distance }) => distance > FAR_OUT)
    .slice(0, summary.smallest === summary.largest ? 1 : 2)
    .map(
      ({ value, distance }) =>
        `column ${column}: ${value} is ${Math.round(distance)} scales from the plan's mean ${mean} (scale ${scale})`,
    );
}

function constantPixels({ encoded }: Pick<Survey, "encoded">): readonly string[] {
  return encoded.smallest === encoded.largest ? ["all pixels of all images are the same"] : [];
}

function leftOut({ examples, droppedRows }: Pick<Survey, "examples" | "droppedRows">): string[] {
  return droppedRows > examples
    ? [`more rows are left out for missing values (${droppedRows}) than there are examples`]
    : [];
}

function repeated(survey: Pick<Survey, "examples" | "repetitions">): readonly string[] {
  const { examples, searched } = survey.repetitions;
  if (examples === 0) return [];
  const among = searched < survey.examples ? `the first ${searched}` : `${searched}`;
  return [`${examples} of ${among} examples are the same as an earlier one`];
}
