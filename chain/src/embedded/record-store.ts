/** Records that are written together. */
export type Batch = ReadonlyMap<string, Uint8Array>;

/** Where the chain keeps its records: bytes by name, never deleted. */
export interface RecordStore {
  /** For people: where the records are. */
  readonly description: string;
  /** The last block that was noted before the store was opened; undefined when none was, or the note is lost. */
  readonly notedBlock: number | undefined;
  /** The record, undefined when there is none. Throws LedgerError `damaged-block` when the store knows that it is broken. */
  get(name: string): Promise<Uint8Array | undefined>;
  /** Writes all records or none; when it returns they are durable, as far as the store is. Replaces what exists. */
  write(batch: Batch): Promise<void>;
  /** Notes, outside the records, that the block was written: against losing the last records unnoticed. */
  note(block: number): Promise<void>;
  /** Nothing works afterwards. Closing twice is closing once. */
  close(): Promise<void>;
}

/** Keeps records until the process ends. */
export class MemoryRecordStore implements RecordStore {
  readonly description = "in memory";
  readonly notedBlock = undefined;
  readonly #records = new Map<string, Uint8Array>();

  async get(name: string): Promise<Uint8Array | undefined> {
    return this.#records.get(name);
  }

  async write(batch: Batch): Promise<void> {
    for (const [name, bytes] of batch) this.#records.set(name, bytes);
  }

  /** Memory loses nothing but everything. */
  async note(): Promise<void> {}

  async close(): Promise<void> {
    this.#records.clear();
  }
}
