import { canonicalJson } from "../canonical.ts";
import { sha256Hex } from "../hash.ts";
import type { Hash } from "../masking/messages.ts";
import { layoutOf } from "../model/layout.ts";
import { contradictionsOf } from "./contradictions.ts";
import { parseJson } from "./json-text.ts";
import type { Plan } from "./plan.ts";
import { planErrorOf, problemsOf } from "./problems.ts";
import { planSchema } from "./schema.ts";

/**
 * Reads a plan: a JSON text, or the value of one. Nothing is built from it before all of it is checked.
 * Throws {@link PlanError}: `bad-json` with line and column, `unsupported-layer` with the reason, `too-large` for a model
 * of more than 50 000 000 parameters or a text of more than 1 MiB, `bad-plan` for everything else, contradictions included.
 */
export function parsePlan(input: unknown): Plan {
  const json = typeof input === "string" ? parseJson(input) : input;
  const parsed = planSchema.safeParse(json);
  if (!parsed.success) throw planErrorOf(problemsOf(parsed.error, json));
  layoutOf(parsed.data.model);
  const contradictions = contradictionsOf(parsed.data);
  if (contradictions.length > 0) throw planErrorOf(contradictions);
  return parsed.data;
}

/** The one JSON text of a plan (RFC 8785), the same whatever order or spacing it was written in. */
export function canonicalPlan(plan: Plan): string {
  return canonicalJson(plan);
}

/** SHA-256 of the canonical plan: what participants sign and allow-list, and what stands on the chain. */
export function planHash(plan: Plan): Hash {
  return sha256Hex(canonicalPlan(plan));
}
