import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { type LogEntry, TestLog } from "./log.ts";

/**
 * A script in a process of its own. What it prints is its log, one JSON object a line. Killed when it is disposed; a script
 * ends by itself when this process is gone (see `child-side.ts`).
 */
export class Child implements AsyncDisposable {
  readonly log: TestLog = new TestLog();
  /** "exit code 0", "signal SIGKILL". */
  readonly ended: Promise<string>;
  readonly #process: ChildProcess;

  /** `script`: a URL beside the caller's own. `options` are what the script's `childOptions` returns. */
  constructor(script: URL, options: object) {
    this.#process = fork(script, [JSON.stringify(options)], {
      stdio: ["ignore", "pipe", "pipe", "ipc"],
    });
    for (const input of [this.#process.stdout, this.#process.stderr])
      if (input !== null) createInterface({ input }).on("line", (line) => this.log.add(line));
    this.ended = endOf(this.#process);
  }

  /** The first entry of its log, past or to come, with this sentence and these fields. Throws when it ends without. */
  async entry(msg: string, fields: Readonly<Record<string, unknown>> = {}): Promise<LogEntry> {
    const ended = this.ended.then((how) => {
      const last = this.log.entries.slice(-3).map((entry) => JSON.stringify(entry));
      throw new Error(`ended with ${how} before "${msg}": ${last.join("; ")}`);
    });
    return await Promise.race([this.log.entry(msg, fields), ended]);
  }

  /** Sends the script a message. Rejects when it is gone. */
  async send(message: object): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#process.send(message, (error) => (error === null ? resolve() : reject(error)));
    await promise;
  }

  /** Ends it at once, as a power cut would. */
  async kill(): Promise<void> {
    this.#process.kill("SIGKILL");
    await this.ended;
  }

  /** Asks it to end. Resolves with how it did. */
  async stop(): Promise<string> {
    this.#process.kill("SIGTERM");
    return await this.ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
  }
}

async function endOf(child: ChildProcess): Promise<string> {
  const [code, signal] = await once(child, "exit");
  return code === null ? `signal ${signal}` : `exit code ${code}`;
}
