import { ClassicLevel } from "classic-level";

/** The records of a chain's folder, past the chain. */
type LevelRecords = ClassicLevel<string, Uint8Array>;

/** Opens the folder for one piece of work; no chain may have it open. */
export async function withRecords<T>(
  directory: string,
  work: (records: LevelRecords) => Promise<T>,
): Promise<T> {
  await using records: LevelRecords = new ClassicLevel(directory, { valueEncoding: "view" });
  return await work(records);
}
