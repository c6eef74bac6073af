import { PlanError } from "./plan-error.ts";

/** Longest text that is read as a plan, in UTF-16 units. */
const MAX_LENGTH = 1_048_576;
/** Deepest nesting; a plan needs seven. */
const MAX_DEPTH = 32;

/**
 * The value of a JSON text. Stricter and plainer than JSON.parse: a name that occurs twice in an object is an error, as
 * RFC 8785 (through RFC 7493, section 2.3) demands of what is hashed, and every error has its line and column, which
 * JSON.parse does not give for the commonest. Throws {@link PlanError} `bad-json`, or `too-large` beyond 1 MiB.
 */
export function parseJson(text: string): unknown {
  if (text.length > MAX_LENGTH)
    throw new PlanError(
      "too-large",
      "",
      `got ${text.length} characters, wanted at most ${MAX_LENGTH}`,
    );
  const reader = new JsonReader(text);
  const value = reader.value(0);
  reader.end();
  return value;
}

/** Reads a text from left to right. Source of the grammar: RFC 8259. */
class JsonReader {
  readonly #text: string;
  #offset = 0;

  constructor(text: string) {
    this.#text = text;
  }

  value(depth: number): unknown {
    if (depth > MAX_DEPTH) throw this.#error(`at most ${MAX_DEPTH} levels`);
    if (this.#take("{")) return this.#object(depth + 1);
    if (this.#take("[")) return this.#array(depth + 1);
    if (this.#peek() === '"') return this.#string();
    return this.#scalar();
  }

  end(): void {
    if (this.#peek() !== "") throw this.#error("the end of the text");
  }

  #object(depth: number): unknown {
    const members = new Map<string, unknown>();
    if (this.#take("}")) return {};
    do {
      if (this.#peek() !== '"') throw this.#error("a name in double quotes");
      const start = this.#offset;
      const name = this.#string();
      if (members.has(name)) throw this.#error("every name once in an object", start);
      if (!this.#take(":")) throw this.#error('":"');
      members.set(name, this.value(depth));
    } while (this.#take(","));
    if (!this.#take("}")) throw this.#error('"," or "}"');
    return Object.fromEntries(members);
  }

  #array(depth: number): unknown[] {
    const elements: unknown[] = [];
    if (this.#take("]")) return elements;
    do elements.push(this.value(depth));
    while (this.#take(","));
    if (!this.#take("]")) throw this.#error('"," or "]"');
    return elements;
  }

  #string(): string {
    const wanted = "a text that is closed, control characters escaped";
    return String(this.#token(/"[^"\\]*(?:\\.[^"\\]*)*"/y, wanted));
  }

  #scalar(): unknown {
    return this.#token(/[-+.\w]+/y, "a value");
  }

  #token(sticky: RegExp, wanted: string): unknown {
    const token = this.#match(sticky);
    try {
      const value: unknown = JSON.parse(token);
      this.#offset += token.length;
      return value;
    } catch (cause) {
      throw this.#error(wanted, this.#offset, { cause });
    }
  }

  /** The next character after white space; empty at the end. */
  #peek(): string {
    this.#offset += this.#match(/[ \t\n\r]*/y).length;
    return this.#text.charAt(this.#offset);
  }

  #take(character: string): boolean {
    if (this.#peek() !== character) return false;
    this.#offset += 1;
    return true;
  }

  /** What a sticky expression matches here; empty when it does not. */
  #match(sticky: RegExp): string {
    sticky.lastIndex = this.#offset;
    return sticky.exec(this.#text)?.[0] ?? "";
  }

  #error(wanted: string, offset = this.#offset, options?: ErrorOptions): PlanError {
    const lines = this.#text.slice(0, offset).split("\n");
    const column = (lines.at(-1)?.length ?? 0) + 1;
    const character = this.#text.charAt(offset);
    const got = character === "" ? "the end" : JSON.stringify(character);
    return new PlanError(
      "bad-json",
      "",
      `line ${lines.length}, column ${column}: got ${got}, wanted ${wanted}`,
      options,
    );
  }
}
