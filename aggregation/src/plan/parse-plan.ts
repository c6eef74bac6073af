import { canonicalJson } from "../canonical.ts";
import { sha256Hex } from "../hash.ts";
import type { Hash } from "../masking/messages.ts";
import { layoutOf } from "../model/layout.ts";
import { withoutSettledShapes } from "../model/settled-shapes.ts";
import { contradictionsOf } from "./contradictions.ts";
import { parseJson } from "./json-text.ts";
import { memberOf } from "./member.ts";
import type { Plan } from "./plan.ts";
import { PlanError } from "./plan-error.ts";
import { planErrorOf, problemsOf } from "./problems.ts";
import { planSchema } from "./schema.ts";
import { statisticsContradictions } from "./statistics-contradictions.ts";
import { isStatisticsPlan, type RunPlan, type StatisticsPlan } from "./statistics-plan.ts";
import { statisticsPlanSchema } from "./statistics-schema.ts";
import { templateFeatures } from "./template-features.ts";

/**
 * Reads a plan that trains a model: a JSON text, or the value of one. Nothing is built from it before all of it is checked.
 * Throws {@link PlanError}: `bad-json` with line and column, `unsupported-layer` with the reason, `too-large` for a model
 * of more than 50 000 000 parameters or a text of more than 1 MiB, `bad-plan` for everything else, contradictions included.
 */
export function parsePlan(input: unknown): Plan {
  const plan = parseRunPlan(input);
  if (!isStatisticsPlan(plan)) return plan;
  const message = 'got "ColumnStatistics", a statistics run, wanted a model to train';
  throw new PlanError("bad-plan", "model.class_name", message);
}

/** Reads a plan of any run: of one that trains, or of one that makes statistics. Throws as {@link parsePlan} does. */
export function parseRunPlan(input: unknown): RunPlan {
  const json = typeof input === "string" ? parseJson(input) : input;
  return memberOf(json, "model", "class_name") === "ColumnStatistics"
    ? parseStatistics(json)
    : parseTraining(json);
}

/** The one JSON text of a plan (RFC 8785), the same whatever order or spacing it was written in. */
export function canonicalPlan(plan: RunPlan): string {
  return canonicalJson(plan);
}

/** SHA-256 of the canonical plan: what participants sign and allow-list, and what stands on the chain. */
export function planHash(plan: RunPlan): Hash {
  return sha256Hex(canonicalPlan(plan));
}

function parseTraining(json: unknown): Plan {
  const [measured] = templateFeatures(json);
  if (measured !== undefined) {
    const path = `data.features.${measured.index}`;
    const message = `got a template's feature, wanted numbers: make a plan of it with "chorus prepare" first`;
    throw new PlanError("bad-plan", path, message);
  }
  const parsed = planSchema.safeParse(json);
  if (!parsed.success) throw planErrorOf(problemsOf(parsed.error, json));
  layoutOf(parsed.data.model);
  const contradictions = contradictionsOf(parsed.data);
  if (contradictions.length > 0) throw planErrorOf(contradictions);
  return { ...parsed.data, model: withoutSettledShapes(parsed.data.model) };
}

function parseStatistics(json: unknown): StatisticsPlan {
  const parsed = statisticsPlanSchema.safeParse(json);
  if (!parsed.success) throw planErrorOf(problemsOf(parsed.error, json));
  const contradictions = statisticsContradictions(parsed.data);
  if (contradictions.length > 0) throw planErrorOf(contradictions);
  return parsed.data;
}
