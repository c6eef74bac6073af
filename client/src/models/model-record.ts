import { canonicalPlan, type Hash, type Plan, parsePlan, sha256Hex } from "@chorus/aggregation";
import { z } from "zod";

const digits = z.string().regex(/^[0-9a-f]{64}$/, "wanted 64 lowercase hexadecimal digits");

const recordSchema = z.strictObject({
  runId: digits,
  round: z.int().positive(),
  modelHash: digits,
  modelSha256: digits,
  /** Empty for a strategy without state. */
  stateSha256: z.union([digits, z.literal("")]),
  isCommitted: z.boolean(),
  /** ISO 8601. */
  when: z.iso.datetime(),
  /** Read by `parsePlan`. */
  plan: z.unknown(),
});

/** What is written beside a model on disk. */
export interface ModelRecord {
  readonly runId: Hash;
  /** The round that made it, from 1. */
  readonly round: number;
  readonly modelHash: Hash;
  /** Of its file. */
  readonly modelSha256: Hash;
  /** Of the file of the strategy's state; "" for a strategy without one. */
  readonly stateSha256: Hash | "";
  /** Whether the round was completed with it, as far as this participant has heard. */
  readonly isCommitted: boolean;
  /** ISO 8601. */
  readonly when: string;
  /** The run's. */
  readonly plan: Plan;
}

/** A round's model, and what its strategy goes on with, as they go to disk. */
export interface ModelContent {
  /** Little-endian float32. */
  readonly model: Uint8Array;
  /** The same of the strategy's state; undefined where it has none. */
  readonly state: Uint8Array | undefined;
}

/** Which model it is. */
export type ModelName = Pick<ModelRecord, "runId" | "round" | "modelHash" | "plan">;

/** The record of a model that is not known to be committed. */
export function recordOf(
  name: ModelName,
  { model, state }: ModelContent,
  when: string,
): ModelRecord {
  const { runId, round, modelHash, plan } = name;
  return {
    ...{ runId, round, modelHash, plan, when },
    modelSha256: sha256Hex(model),
    stateSha256: state === undefined ? "" : sha256Hex(state),
    isCommitted: false,
  };
}

export function recordText({ plan, ...rest }: ModelRecord): string {
  return `${JSON.stringify({ ...rest, plan: JSON.parse(canonicalPlan(plan)) }, null, 2)}\n`;
}

/** Reads a record's text. Throws an error that says what is wrong with it. */
export function parseRecord(text: string): ModelRecord {
  const { plan, ...rest } = recordSchema.parse(JSON.parse(text));
  return { ...rest, plan: parsePlan(plan) };
}
