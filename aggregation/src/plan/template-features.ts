import { memberOf } from "./member.ts";

/** A feature in the JSON of a template whose numbers are still to be found. */
export interface FoundFeature {
  /** Its place in `data.features`. */
  readonly index: number;
  readonly json: unknown;
}

/** What a template writes in the place of a category's most frequent value. */
export const MOST_FREQUENT = "most-frequent";

/**
 * Features of a JSON value, whatever it is, that only a template has: a number with a range in the place of mean and scale,
 * a category to impute whose most frequent value is not known yet.
 */
export function templateFeatures(json: unknown): readonly FoundFeature[] {
  const features = memberOf(json, "data", "features");
  if (!Array.isArray(features)) return [];
  return features.map((feature, index) => ({ index, json: feature })).filter(isMeasured);
}

function isMeasured({ json }: FoundFeature): boolean {
  if (memberOf(json, "range") !== undefined) return true;
  const values = memberOf(json, "values");
  const isValue = Array.isArray(values) && values.includes(MOST_FREQUENT);
  return memberOf(json, "missing", "impute") === MOST_FREQUENT && !isValue;
}
