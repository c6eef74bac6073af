import { createLogUpdate } from "log-update";

/** A part of the screen that is written again and again. */
export interface LiveRegion extends Disposable {
  /** Shows the text in place of what the region showed before. */
  update(text: string): void;
  /** Writes lines above the region that stay: nothing where it cannot be rewritten. */
  note(text: string): void;
  /** Writes lines where the region cannot be rewritten, and so shows nothing: nothing where it can. */
  plain(text: string): void;
}

/** Streams that a command writes to, and what they can do. */
export interface TerminalStreams {
  readonly stdout: NodeJS.WritableStream & {
    readonly isTTY?: boolean;
    readonly columns?: number;
  };
  readonly stderr: NodeJS.WritableStream & { readonly isTTY?: boolean };
}

/** Where a command tells its result: text for people or JSON for programs on stdout, never both. */
export class Terminal {
  readonly isJson: boolean;
  readonly #streams: TerminalStreams;

  constructor(streams: TerminalStreams, isJson: boolean) {
    this.#streams = streams;
    this.isJson = isJson;
  }

  /** Whether a person watches: a terminal that can rewrite lines, and no JSON asked for. */
  get isLive(): boolean {
    return !this.isJson && this.#streams.stdout.isTTY === true;
  }

  /** Characters of a line; 0 where nobody knows. */
  get width(): number {
    return this.#streams.stdout.columns ?? 0;
  }

  /** Writes a result: `document` as one line of JSON, or the text that `describe` makes of it. */
  show<Document>(document: Document, describe: (document: Document) => string): void {
    const text = this.isJson ? JSON.stringify(document) : describe(document);
    this.#streams.stdout.write(`${text}\n`);
  }

  /** Writes a line for people; nothing when JSON was asked for. */
  tell(text: string): void {
    if (!this.isJson) this.#streams.stdout.write(`${text}\n`);
  }

  /** Writes a warning to stderr, in both forms. */
  warn(text: string): void {
    this.#streams.stderr.write(`chorus: ${text}\n`);
  }

  /**
   * Opens a region to rewrite. Where lines cannot be rewritten only plain lines appear; with JSON nothing does.
   */
  live(): LiveRegion {
    if (!this.isLive) {
      const plain = (text: string): void => this.tell(text);
      return { update: () => {}, note: () => {}, plain, [Symbol.dispose]: () => {} };
    }
    const region = createLogUpdate(this.#streams.stdout);
    return {
      update: (text) => region(text),
      note: (text) => region.persist(text),
      plain: () => {},
      [Symbol.dispose]: () => region.done(),
    };
  }
}
