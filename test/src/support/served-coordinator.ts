import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { CoordinatorAddress } from "./coordinator.ts";
import { TestLog } from "./log.ts";

const main = fileURLToPath(new URL("../../../cli/src/main.ts", import.meta.url));

/** `chorus coordinator serve` as a person starts it, in a process group of its own. Killed when it is disposed. */
export class ServedCoordinator implements AsyncDisposable {
  readonly log: TestLog = new TestLog();
  readonly #child: ChildProcess;
  readonly #ended: Promise<string>;
  readonly #group: number;

  /** Starts serving `directory` on free ports of loopback. */
  constructor(directory: string, federationName: string) {
    const folder = ["--data-dir", directory, "--name", federationName];
    const ports = ["--grpc", "127.0.0.1:0", "--http", "127.0.0.1:0"];
    this.#child = spawn(
      process.execPath,
      [main, "coordinator", "serve", ...folder, ...ports, "--json"],
      { stdio: ["ignore", "pipe", "pipe"], detached: true },
    );
    if (this.#child.pid === undefined) throw new Error("the coordinator did not start");
    this.#group = this.#child.pid;
    for (const input of [this.#child.stdout, this.#child.stderr])
      if (input !== null) createInterface({ input }).on("line", (line) => this.#tell(line));
    this.#ended = endOf(this.#child);
  }

  /** Resolves with how it is reached, once it serves. Throws when it ends before. */
  async serving(): Promise<CoordinatorAddress> {
    const ended = this.#ended.then((how) => {
      const told = this.log.entries.map((entry) => JSON.stringify(entry));
      throw new Error(`ended with ${how} before it served: ${told.join("; ")}`);
    });
    const line = await Promise.race([this.log.entry("serving"), ended]);
    return line as unknown as CoordinatorAddress;
  }

  /** Presses Ctrl-C: the signal goes to the whole group. Resolves with "exit code 0" or "signal SIGINT". */
  async interrupt(): Promise<string> {
    process.kill(-this.#group, "SIGINT");
    return await this.#ended;
  }

  /** Whether any process of the group is left. */
  get isLeft(): boolean {
    try {
      return process.kill(-this.#group, 0);
    } catch {
      return false;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.isLeft) process.kill(-this.#group, "SIGKILL");
    await this.#ended;
  }

  /** What it prints is an event, what it logs a sentence. */
  #tell(line: string): void {
    this.log.add(line.replace(/^\{"event":/, '{"msg":'));
  }
}

async function endOf(child: ChildProcess): Promise<string> {
  const [code, signal] = await once(child, "exit");
  return code === null ? `signal ${signal}` : `exit code ${code}`;
}
