import { type Logger, pino } from "pino";

/** One line of a log. */
export interface LogEntry {
  readonly msg: string;
  readonly [field: string]: unknown;
}

type Fields = Readonly<Record<string, unknown>>;

/** What a program under test logs. A test can wait for a sentence instead of for a time. */
export class TestLog {
  readonly logger: Logger;
  readonly entries: LogEntry[] = [];
  #added = Promise.withResolvers<void>();

  constructor() {
    this.logger = pino({ level: "debug", base: null }, { write: (line) => this.add(line) });
  }

  /** Takes a line of another process. With CHORUS_TEST_LOG set, it is shown too. */
  add(line: string): void {
    if (process.env["CHORUS_TEST_LOG"] !== undefined) process.stderr.write(`${line.trimEnd()}\n`);
    this.entries.push(parseEntry(line));
    this.#added.resolve();
    this.#added = Promise.withResolvers();
  }

  /** The first entry, past or to come, with this sentence and these fields. */
  entry(msg: string, fields: Fields = {}): Promise<LogEntry> {
    return this.#from(0, msg, fields);
  }

  /** The first entry from now on with this sentence and these fields. */
  next(msg: string, fields: Fields = {}): Promise<LogEntry> {
    return this.#from(this.entries.length, msg, fields);
  }

  /** The first entry so far with this sentence and these fields. */
  find(msg: string, fields: Fields = {}): LogEntry | undefined {
    return this.entries.find((entry) => isSuch(entry, msg, fields));
  }

  async #from(start: number, msg: string, fields: Fields): Promise<LogEntry> {
    for (;;) {
      const found = this.entries.slice(start).find((entry) => isSuch(entry, msg, fields));
      if (found !== undefined) return found;
      await this.#added.promise;
    }
  }
}

function isSuch(entry: LogEntry, msg: string, fields: Fields): boolean {
  return (
    entry.msg === msg && Object.entries(fields).every(([name, value]) => entry[name] === value)
  );
}

/** A line that is no JSON is kept as a sentence: what the runtime prints is part of the story. */
function parseEntry(line: string): LogEntry {
  try {
    return JSON.parse(line) as LogEntry;
  } catch {
    return { msg: line.trimEnd() };
  }
}
