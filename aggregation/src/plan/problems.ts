import type { z } from "zod";
import { memberOf } from "./member.ts";
import { PlanError, type PlanErrorCode } from "./plan-error.ts";

/** One thing that is wrong with a plan. */
export interface Problem {
  readonly code: PlanErrorCode;
  readonly path: string;
  readonly message: string;
}

/** An option that is wrong, or does not go with another. */
export function problem(path: string, got: string | number, wanted: string): Problem {
  return { code: "bad-plan", path, message: `got ${got}, wanted ${wanted}` };
}

/** All problems in one error. An unsupported layer leads, as it explains the others. */
export function planErrorOf(problems: readonly Problem[]): PlanError {
  const first = problems.find(({ code }) => code === "unsupported-layer") ?? problems[0];
  if (first === undefined) throw new Error("no problem to report");
  const others = problems
    .filter((other) => other !== first)
    .map(({ path, message }) => `; ${path}: ${message}`);
  return new PlanError(first.code, first.path, first.message + others.join(""));
}

/** What zod found, in our words: the schema's messages say what was wanted, the input what was got. */
export function problemsOf(error: z.ZodError, input: unknown): readonly Problem[] {
  return error.issues.flatMap((issue) => {
    if (issue.code === "unrecognized_keys")
      return issue.keys.map((key) =>
        problem([...issue.path, key].join("."), "an unknown key", "known keys only"),
      );
    const found = problem(
      issue.path.join("."),
      preview(memberOf(input, ...issue.path)),
      issue.message,
    );
    return [{ ...found, code: codeOf(issue) }];
  });
}

function codeOf(issue: z.core.$ZodIssue): PlanErrorCode {
  const isLayer = issue.path.includes("layers");
  return issue.code === "invalid_union" && issue.discriminator === "class_name" && isLayer
    ? "unsupported-layer"
    : "bad-plan";
}

/** A value in a few characters. */
function preview(value: unknown): string {
  if (value === undefined) return "nothing";
  if (typeof value === "string") return JSON.stringify(value.slice(0, 60));
  if (Array.isArray(value)) return `a list of ${value.length}`;
  return typeof value === "object" && value !== null ? "an object" : String(value);
}
