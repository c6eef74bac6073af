import { type ChildProcess, spawn } from "node:child_process";
import { EventEmitter, once } from "node:events";
import { closeSync, openSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createInterface } from "node:readline";
import { CliError } from "../cli-error.ts";

/** How long a child may take to end after it was asked to. */
const graceMs = 5_000;

/** What to start. */
export interface ChildOptions {
  /** For messages. */
  readonly name: string;
  /** Arguments of chorus, `--json` included. */
  readonly args: readonly string[];
  /** Where its log goes; appended to. */
  readonly logFile: string;
}

/** A chorus in a process of its own. */
export class Child {
  readonly name: string;
  /** Resolves with what it ended with; never rejects. */
  readonly ended: Promise<string>;
  readonly #logFile: string;
  readonly #process: ChildProcess;
  readonly #events = new EventEmitter();

  constructor(mainPath: string, { name, args, logFile }: ChildOptions) {
    this.name = name;
    this.#logFile = logFile;
    const log = openSync(logFile, "a");
    // The channel tells the child when this process is gone, however it went.
    this.#process = spawn(process.execPath, [mainPath, ...args], {
      stdio: ["ignore", "pipe", log, "ipc"],
    });
    closeSync(log);
    this.ended = endOf(this.#process);
    const { stdout } = this.#process;
    if (stdout !== null) createInterface({ input: stdout }).on("line", (line) => this.#tell(line));
  }

  /**
   * The next line of JSON that the child prints with this `event`. Throws {@link CliError} `child-failed` when it ends
   * before.
   */
  async event(event: string, signal: AbortSignal): Promise<unknown> {
    const done = new AbortController();
    const heard = once(this.#events, event, { signal: AbortSignal.any([signal, done.signal]) });
    try {
      const first = await Promise.race([heard, this.ended]);
      if (typeof first === "string") throw await this.failure();
      return first[0];
    } finally {
      signal.throwIfAborted();
      done.abort();
      await heard.catch(() => undefined);
    }
  }

  /** Why it ended, with the end of its log. */
  async failure(): Promise<CliError> {
    const how = await this.ended;
    const log = await readFile(this.#logFile, "utf8").catch(() => "");
    const lastLines = log.trimEnd().split("\n").slice(-3).join("\n");
    return new CliError(
      "child-failed",
      `${this.name} ended with ${how}: ${lastLines || "its log is empty"}`,
      "Run `chorus doctor`.",
    );
  }

  /** Ends it at once, as a power cut would. Resolves when it is gone. */
  async kill(): Promise<void> {
    this.#process.kill("SIGKILL");
    await this.ended;
  }

  /** Asks it to end, and ends it when it does not in time. Resolves when it is gone. */
  async stop(): Promise<void> {
    this.#process.kill("SIGTERM");
    const timer = setTimeout(() => this.#process.kill("SIGKILL"), graceMs);
    await this.ended;
    clearTimeout(timer);
  }

  /** For the end of this process, when nothing can be awaited any more. */
  killNow(): void {
    this.#process.kill("SIGKILL");
  }

  /** What is no JSON was printed by something else than chorus, Node for example, and is no event. */
  #tell(line: string): void {
    const document = parseJson(line);
    if (typeof document === "object" && document !== null && "event" in document)
      this.#events.emit(String(document.event), document);
  }
}

/** All children of this process: none outlives it, whichever way it ends. */
export class Children implements AsyncDisposable {
  readonly #mainPath: string;
  readonly #children = new Set<Child>();
  readonly #killAll = (): void => {
    for (const child of this.#children) child.killNow();
  };

  constructor(mainPath: string) {
    this.#mainPath = mainPath;
    // First of all: what others do at the end must find them gone.
    process.prependListener("exit", this.#killAll);
  }

  start(options: ChildOptions): Child {
    const child = new Child(this.#mainPath, options);
    this.#children.add(child);
    return child;
  }

  /** Resolves when all are gone. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#children].map((child) => child.stop()));
    process.off("exit", this.#killAll);
  }
}

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

async function endOf(child: ChildProcess): Promise<string> {
  try {
    const [code, signal] = await once(child, "exit");
    return code === null ? `signal ${signal}` : `exit code ${code}`;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
