import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { contentLength, RANDOMNESS_WORDS } from "@chorus/aggregation";

/** What a round keeps in memory between the last upload and the first acknowledgement, when it keeps most. */
export interface HeldMemory {
  readonly participants: number;
  readonly parameters: number;
  /** Of all buffers that the coordinator and all participants hold, besides the committer's public factors. */
  readonly heldBytes: number;
  /** A vector of the round, for comparison. */
  readonly vectorBytes: number;
}

/** Runs a round in a new process and looks at what is held. */
export async function heldMemory(participants: number, parameters: number): Promise<HeldMemory> {
  const heldBytes = await numberFrom("round-memory-process.ts", participants, parameters);
  const vectorBytes = 4 * (contentLength(parameters) + RANDOMNESS_WORDS);
  return { participants, parameters, heldBytes, vectorBytes };
}

/** By how many bytes a new process grows while it masks a vector that it has already. */
export function maskingMemory(parameters: number, masks: number): Promise<number> {
  return numberFrom("mask-memory-process.ts", parameters, masks);
}

async function numberFrom(script: string, ...numbers: readonly number[]): Promise<number> {
  const file = fileURLToPath(new URL(script, import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, [file, ...numbers.map(String)]);
  return Number(stdout);
}
