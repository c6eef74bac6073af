import { type Hash, sha256Hex } from "@chorus/aggregation";
import { z } from "zod";
import type { StepName } from "../session/instruction.ts";

/** The steps of the masked exchange. */
export type ExchangeStep = Exclude<StepName, "invitation" | "train">;

/** Journals on disks name them: a name is never given another meaning. */
const EXCHANGE_STEPS: readonly ExchangeStep[] = [
  "advertise-keys",
  "share-keys",
  "upload",
  "confirm-survivors",
  "reveal",
  "open-sum",
];

/** That this participant gave an answer. */
export interface JournalEntry {
  readonly roundId: Hash;
  readonly step: ExchangeStep;
  /** SHA-256 of the answer. */
  readonly digest: Hash;
}

/** Entries as they are in a file. */
export interface JournalText {
  readonly entries: readonly JournalEntry[];
  /** Of the last entry; {@link NO_SUM} where there is none. */
  readonly sum: Hash;
  /** Length of the entries; what comes after is the torn rest of one that was never finished. */
  readonly bytes: number;
}

/** Comes before the first entry's sum. */
export const NO_SUM: Hash = "0".repeat(64);

const digits = z.string().regex(/^[0-9a-f]{64}$/, "wanted 64 lowercase hexadecimal digits");

const lineSchema = z.strictObject({
  roundId: digits,
  step: z.enum(EXCHANGE_STEPS),
  digest: digits,
  sum: digits,
});

/** An entry's line, and its sum. `before`: the sum of the entry before it. */
export function writeEntry(
  { roundId, step, digest }: JournalEntry,
  before: Hash,
): { line: string; sum: Hash } {
  const sum = sha256Hex("chorus/journal/v1 ", before, " ", roundId, " ", step, " ", digest);
  return { line: `${JSON.stringify({ roundId, step, digest, sum })}\n`, sum };
}

/**
 * Reads the lines of a journal, each of which vouches for all before it. A crash in the middle of an append leaves a last
 * line without its end or, where the disk had taken the file's new length but not its content, with zeros: it is left out.
 * Throws an error that names the line for every other damage.
 */
export function readEntries(file: Uint8Array): JournalText {
  const lines = Buffer.from(file).toString("latin1").split("\n");
  // What comes after the last line's end: empty unless an append was torn.
  lines.pop();
  if (lines.at(-1)?.includes("\0")) lines.pop();
  const entries: JournalEntry[] = [];
  let sum = NO_SUM;
  let bytes = 0;
  for (const [index, line] of lines.entries()) {
    const entry = readLine(line, sum, index + 1);
    entries.push(entry);
    ({ sum } = writeEntry(entry, sum));
    bytes += line.length + 1;
  }
  return { entries, sum, bytes };
}

function readLine(line: string, before: Hash, number: number): JournalEntry {
  const { success, data, error } = lineSchema.safeParse(jsonOf(line));
  if (!success) throw new Error(`line ${number} is no entry: ${error.issues[0]?.message}`);
  const wanted = writeEntry(data, before);
  if (`${line}\n` !== wanted.line)
    throw new Error(
      `line ${number} has the sum ${data.sum}, its content and the lines before it give ${wanted.sum}`,
    );
  return { roundId: data.roundId, step: data.step, digest: data.digest };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
