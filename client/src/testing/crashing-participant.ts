import { readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { type Identity, openCommitmentScheme, seededRandom } from "@chorus/aggregation";
import { status } from "@grpc/grpc-js";
import { pino } from "pino";
import type { Connection } from "../connection.ts";
import { CipherThreads } from "../he/cipher-threads.ts";
import { Journal } from "../journal/journal.ts";
import { ModelStore } from "../models/model-store.ts";
import type { Answer } from "../session/answer.ts";
import type { Instruction } from "../session/instruction.ts";
import { Trainers } from "../session/trainers.ts";
import { Session } from "../session.ts";
import type { Trainer } from "../trainer.ts";
import { Auditor } from "../transcript/auditor.ts";
import { Evidence } from "../transcript/evidence.ts";
import { Uplink } from "../uplink.ts";
import { FakeSleep } from "./fake-sleep.ts";

/**
 * What becomes of the next answer: it "arrives"; it arrives and is refused, because the round goes on without it
 * ("too-late"); the process ends right after it has arrived ("crash-after") or right before it leaves ("crash-before").
 */
export type Fate = "arrives" | "too-late" | "crash-after" | "crash-before";

/** An answer that arrived, and the journal on disk at that moment. */
export interface Arrival {
  readonly answer: Answer;
  readonly journal: string;
}

/** What all processes of one participant have in common. */
export interface Surroundings {
  /** The state directory. */
  readonly directory: string;
  readonly identity: Identity;
  /** For models alone. */
  readonly connection: Connection;
  readonly trainer: Trainer;
}

/** What a process finds in the state directory. */
interface OnDisk {
  readonly journal: Journal;
  readonly evidence: Evidence;
  readonly models: ModelStore;
}

/** A bug is shown. */
const log = pino({ level: "error" });
const commitments = openCommitmentScheme();

/** One process of a participant: the real session over a real journal, up to its crash. */
export class CrashingParticipant {
  readonly arrived: Arrival[] = [];
  /** Of the next answer but leaves. */
  fate: Fate = "arrives";
  readonly #file: string;
  /** What is under way that the test has to wait for. */
  #pending = 0;
  readonly #journal: Journal;
  readonly #session: Session;
  /** The journal on disk when it crashed. */
  #wreck: string | undefined;

  private constructor(
    surroundings: Surroundings,
    seed: string,
    { journal, evidence, models }: OnDisk,
  ) {
    const { directory, identity, connection, trainer } = surroundings;
    const random = seededRandom(seed);
    this.#file = join(directory, "journal");
    this.#journal = journal;
    const uplink = new TestUplink(random, this);
    uplink.opened(connection);
    this.#session = new Session({
      identity,
      floors: { minSurvivors: 3 },
      trainers: new Trainers("data", async () => trainer),
      journal: watched(journal, this),
      commitments,
      auditor: new Auditor({ uplink, verifier: commitments, evidence, models, log }),
      models,
      ciphers: new CipherThreads(),
      uplink,
      random,
      sleep: new FakeSleep().sleep,
      log,
    });
  }

  /** Starts from what is in the state directory. No two processes may have the same `seed`. */
  static async start(surroundings: Surroundings, seed: string): Promise<CrashingParticipant> {
    const { directory } = surroundings;
    const journal = await Journal.open(directory);
    const evidence = await Evidence.open(directory);
    const models = await ModelStore.open(directory, log);
    return new CrashingParticipant(surroundings, seed, { journal, evidence, models });
  }

  get hasCrashed(): boolean {
    return this.#wreck !== undefined;
  }

  tell(instruction: Instruction): void {
    this.#session.receive(instruction);
  }

  /** Resolves when it has done all that it was told, or has crashed. */
  async quiet(): Promise<void> {
    for (let calm = 0; calm < 3 && !this.hasCrashed; calm++) {
      await setImmediate();
      if (this.#pending > 0) calm = -1;
    }
  }

  /**
   * The process ends, unless it has already: memory is lost, and on disk is what was there at that moment but for the last
   * `lostBytes` of the last entry.
   */
  async crash(lostBytes = 0): Promise<void> {
    this.#wreck ??= readFileSync(this.#file, "latin1");
    const wreck = this.#wreck;
    await this.#session[Symbol.asyncDispose]();
    await this.#journal[Symbol.asyncDispose]();
    const lastLine = wreck.length - (wreck.lastIndexOf("\n", wreck.length - 2) + 1);
    await writeFile(this.#file, wreck.slice(0, wreck.length - Math.min(lostBytes, lastLine)));
  }

  async during<T>(work: Promise<T>): Promise<T> {
    this.#pending += 1;
    try {
      return await work;
    } finally {
      this.#pending -= 1;
    }
  }

  async take(answer: Answer, signal: AbortSignal): Promise<void> {
    if (this.hasCrashed) return await aborted(signal);
    const fate = answer.kind === "leave-round" ? "arrives" : this.fate;
    if (fate !== "arrives") this.fate = "arrives";
    const journal = readFileSync(this.#file, "latin1");
    if (fate !== "crash-before") this.arrived.push({ answer, journal });
    if (fate === "arrives") return;
    const refusal = { code: status.FAILED_PRECONDITION, details: "the round goes on" };
    if (fate === "too-late") throw Object.assign(new Error("too late"), refusal);
    this.#wreck = journal;
    await aborted(signal);
  }
}

/** Hands answers to the test instead of the coordinator. */
class TestUplink extends Uplink {
  readonly #participant: CrashingParticipant;

  constructor(random: ReturnType<typeof seededRandom>, participant: CrashingParticipant) {
    super({ random, sleep: new FakeSleep().sleep });
    this.#participant = participant;
  }

  override async send(answer: Answer, signal: AbortSignal): Promise<void> {
    await this.#participant.during(this.#participant.take(answer, signal));
  }

  override async call<Result>(
    make: (connection: Connection, signal: AbortSignal) => Promise<Result>,
    signal: AbortSignal,
  ): Promise<Result> {
    return await this.#participant.during(super.call(make, signal));
  }
}

/** The journal, whose writing the test waits for. */
function watched(journal: Journal, participant: CrashingParticipant): Journal {
  return new Proxy(journal, {
    get: (target, name) => {
      if (name === "record")
        return (...entry: Parameters<Journal["record"]>) =>
          participant.during(target.record(...entry));
      const value: unknown = Reflect.get(target, name);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

/** Rejects with the signal's reason once it is aborted. */
async function aborted(signal: AbortSignal): Promise<never> {
  signal.throwIfAborted();
  return await new Promise((_, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
}
