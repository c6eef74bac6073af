import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { openSync, closeSync } from "node:fs";
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
  readonly #logFile: string;
  readonly #process: ChildProcess;
  /** Resolves with what it ended with; never rejects. */
  readonly ended: Promise<string>;

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
  }

  get isRunning(): boolean {
    return this.#process.exitCode === null && this.#process.signalCode === null;
  }

  /** The first line of JSON that the child prints with this `event`. Throws {@link CliError} `child-failed` when it ends before. */
  async event(event: string, signal: AbortSignal): Promise<Readonly<Record<string, unknown>>> {
    const { stdout } = this.#process;
    if (stdout === null) throw new Error("a child was started without a pipe");
    const lines = createInterface({ input: stdout, signal });
    for await (const line of lines) {
      const document = JSON.parse(line) as Record<string, unknown>;
      if (document["event"] !== event) continue;
      stdout.resume();
      return document;
    }
    signal.throwIfAborted();
    throw await this.failure();
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
    process.on("exit", this.#killAll);
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

async function endOf(child: ChildProcess): Promise<string> {
  try {
    const [code, signal] = await once(child, "exit");
    return code === null ? `signal ${signal}` : `exit code ${code}`;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
