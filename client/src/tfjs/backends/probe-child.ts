import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { Plan } from "@chorus/aggregation";
import type { BackendName } from "./backend.ts";
import type { Measurements } from "./measure.ts";
import type { Absence, Probe } from "./probe.ts";
import type { Presence, ProbeRequest } from "./probe-request.ts";

/** Looks at backends from where their drivers do no harm. Rejects with the signal's reason only. */
export interface DeviceProbe {
  /** Whether there is one: a tenth of a second. */
  presence(backend: BackendName, signal: AbortSignal): Promise<Presence | Absence>;
  /** What it makes of a plan: a second, on a graphics processor some more for its shaders. */
  training(backend: BackendName, plan: Plan, signal: AbortSignal): Promise<Probe | Absence>;
}

export interface ChildProbeOptions {
  /** The environment of the processes; by default this one's. */
  readonly env?: NodeJS.ProcessEnv;
  /** A driver that has not answered by then hangs, in milliseconds. */
  readonly limitsMs?: ProbeLimits;
}

/** How long an answer may take: whether a backend is there, and what it makes of a plan. */
export interface ProbeLimits {
  readonly presence: number;
  readonly training: number;
}

/** Finding an adapter takes 0.15 s, loading a library a second; compiling a large model's shaders a minute on slow drivers. */
const LIMITS_MS: ProbeLimits = { presence: 20_000, training: 120_000 };

/** How long the error output of a process that has ended is waited for, in milliseconds. */
const LAST_WORDS_MS = 500;

/** What of its error output tells why a process ended. */
const TAIL_CHARACTERS = 300;

const PROCESS_FILE = fileURLToPath(new URL("./probe-process.ts", import.meta.url));

/**
 * Looks at each backend in a process of its own, which a driver may bring down, hang, or fill with its messages: all that
 * becomes an absence. Nothing of the process is left once a call has settled.
 */
export class ChildProbe implements DeviceProbe {
  readonly #env: NodeJS.ProcessEnv;
  readonly #limitsMs: ProbeLimits;

  constructor({ env = process.env, limitsMs = LIMITS_MS }: ChildProbeOptions = {}) {
    this.#env = env;
    this.#limitsMs = limitsMs;
  }

  presence(backend: BackendName, signal: AbortSignal): Promise<Presence | Absence> {
    return this.#ask({ kind: "presence", backend }, signal);
  }

  training(backend: BackendName, plan: Plan, signal: AbortSignal): Promise<Probe | Absence> {
    return this.#ask({ kind: "training", backend, plan }, signal);
  }

  /** What it makes of a plan, and how fast and how tidy it is otherwise: some seconds. */
  everything(
    backend: BackendName,
    plan: Plan,
    signal: AbortSignal,
  ): Promise<(Probe & Measurements) | Absence> {
    return this.#ask({ kind: "everything", backend, plan }, signal);
  }

  async #ask<Answer>(request: ProbeRequest, signal: AbortSignal): Promise<Answer | Absence> {
    signal.throwIfAborted();
    const child = fork(PROCESS_FILE, [], {
      env: this.#env,
      execArgv: [],
      // JSON would make of an error that is not a number none at all.
      serialization: "advanced",
      stdio: ["ignore", "ignore", "pipe", "ipc"],
    });
    const limitMs = this.#limitsMs[request.kind === "presence" ? "presence" : "training"];
    const limit = AbortSignal.timeout(limitMs);
    const over = AbortSignal.any([signal, limit]);
    const kill = () => child.kill("SIGKILL");
    over.addEventListener("abort", kill, { once: true });
    const answered = answerOf<Answer>(child);
    // Where it is not taken, the end of the process tells why.
    child.send(request, () => undefined);
    const told = await answered;
    over.removeEventListener("abort", kill);
    signal.throwIfAborted();
    if ("answer" in told) return told.answer;
    const why = limit.aborted
      ? `its driver gave no answer within ${limitMs} ms`
      : `its driver ended the process: ${told.ended}`;
    return { backend: request.backend, absent: why };
  }
}

type Told<Answer> = { readonly answer: Answer } | { readonly ended: string };

/**
 * The answer, once the process is gone, or how it ended without one. Never rejects. The process is killed as soon as it has answered, as its
 * driver may hang at the end; programs that it has started may live on, and hold its error output.
 */
function answerOf<Answer>(child: ChildProcess): Promise<Told<Answer>> {
  const { promise, resolve } = Promise.withResolvers<Told<Answer>>();
  let told: Told<Answer> | undefined;
  let tail = "";
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    tail = (tail + text).slice(-TAIL_CHARACTERS);
  });
  // The process is of this program: it answers what it was asked for.
  child.once("message", (message) => {
    told = { answer: message as Answer };
    child.kill("SIGKILL");
  });
  const settle = (ended: string): void => {
    child.stderr?.destroy();
    resolve(told ?? { ended });
  };
  child.on("error", (error) => settle(error.message));
  child.once("exit", (code, signal) => {
    const settleWithTail = () => settle(`${signal ?? `exit code ${code}`} ${tail.trim()}`.trim());
    const timer = setTimeout(settleWithTail, LAST_WORDS_MS);
    child.once("close", () => {
      clearTimeout(timer);
      settleWithTail();
    });
  });
  return promise;
}
