import type { Batch, RecordStore } from "../embedded/record-store.ts";

/** Where a write breaks: nothing of it is on disk, all of it is, or all of it is and only the note is not. */
type Break = "before the records" | "after the records" | "at the note";

/** A store on a disk that fails once, at its nth write from now, and from then on works. */
export class FailingStore implements RecordStore {
  readonly #store: RecordStore;
  readonly #break: Break;
  #writesLeft: number;

  constructor(store: RecordStore, write: number, how: Break) {
    this.#store = store;
    this.#writesLeft = write;
    this.#break = how;
  }

  get description(): string {
    return this.#store.description;
  }

  get notedBlock(): number | undefined {
    return this.#store.notedBlock;
  }

  async get(name: string): Promise<Uint8Array | undefined> {
    return await this.#store.get(name);
  }

  async write(batch: Batch): Promise<void> {
    this.#writesLeft -= 1;
    this.#breakIf("before the records");
    await this.#store.write(batch);
    this.#breakIf("after the records");
  }

  async note(block: number): Promise<void> {
    this.#breakIf("at the note");
    await this.#store.note(block);
  }

  async close(): Promise<void> {
    await this.#store.close();
  }

  #breakIf(how: Break): void {
    if (this.#writesLeft === 0 && this.#break === how) throw new Error("no space left on device");
  }
}
