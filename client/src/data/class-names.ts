import type { DataSchema } from "@chorus/aggregation";

/** The classes' names, for people, in the order of their numbers. */
export function classNamesOf(data: DataSchema): readonly string[] {
  if (data.format === "idx") return Array.from({ length: data.classes }, (_, index) => `${index}`);
  if (data.format === "images") return data.classes;
  const { label } = data;
  if (label.kind === "category") return label.values;
  const { column, positiveAbove } = label;
  return [`${column} <= ${positiveAbove}`, `${column} > ${positiveAbove}`];
}
