import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { seededRandom } from "@chorus/aggregation";
import { type Logger, pino } from "pino";
import type { CipherThreads } from "../he/cipher-threads.ts";
import { runParticipant } from "../participant.ts";
import type { CreateTrainer } from "../session/trainers.ts";
import type { BackendName } from "../tfjs/backends/backend.ts";
import type { Trainer } from "../trainer.ts";
import { FakeSleep } from "./fake-sleep.ts";
import { FakeTrainer } from "./fake-trainer.ts";
import { LAYOUT } from "./tiny-round.ts";

export interface RunningOptions {
  readonly coordinator: string;
  readonly name?: string;
  /** The state directory of another one before; stays. By default one of its own, which goes with it. */
  readonly directory?: string;
  readonly invitationFile?: string;
  readonly minSurvivors?: number;
  /** The site's data, to train on with TensorFlow.js; by default nothing real is trained. */
  readonly dataPath?: string;
  /** What trains on them; by default the fastest that this machine has. */
  readonly backend?: BackendName;
  readonly trainer?: Trainer;
  readonly createTrainer?: CreateTrainer;
  /** What encrypts; by default threads as ever. */
  readonly ciphers?: CipherThreads;
}

/** One line of the log. */
export type LogLine = Readonly<Record<string, unknown>> & {
  readonly msg: string;
  readonly level: number;
};

/** A participant under test, in a state directory of its own. Disposal stops it and throws what it failed with. */
export class RunningParticipant implements AsyncDisposable {
  readonly time: FakeSleep = new FakeSleep();
  readonly log: LogLine[] = [];
  /** Settles when it has stopped. */
  readonly stopped: Promise<void>;
  readonly #stopping = new AbortController();
  /** Its state directory. */
  readonly directory: string;
  readonly #isDirectoryOurs: boolean;
  readonly #listeners: ((line: LogLine) => void)[] = [];

  private constructor(directory: string, options: RunningOptions) {
    this.directory = directory;
    this.#isDirectoryOurs = options.directory === undefined;
    const trainer = options.trainer ?? new FakeTrainer(new Float32Array(LAYOUT.parameters));
    const { coordinator, name = "site", minSurvivors = 3 } = options;
    const { invitationFile, dataPath, backend } = options;
    const createTrainer = options.createTrainer ?? (async () => trainer);
    this.stopped = runParticipant(
      {
        coordinator,
        name,
        dataPath: dataPath ?? "data",
        stateDirectory: directory,
        floors: { minSurvivors },
        ...(invitationFile === undefined ? {} : { invitationFile }),
        ...(backend === undefined ? {} : { backend }),
      },
      {
        log: this.#logger(),
        sleep: this.time.sleep,
        random: seededRandom(name),
        ...(dataPath === undefined ? { createTrainer } : {}),
        ...(options.ciphers === undefined ? {} : { ciphers: options.ciphers }),
      },
      this.#stopping.signal,
    );
    // Who waits for the outcome gets it; who does not must not end the test run.
    this.stopped.catch(() => undefined);
  }

  static async start(options: RunningOptions): Promise<RunningParticipant> {
    const directory = options.directory ?? (await mkdtemp(join(tmpdir(), "participant-")));
    return new RunningParticipant(directory, options);
  }

  /** What the log says, from this level on (30 is info). */
  sentences(level = 30): string[] {
    return this.log.filter((line) => line.level >= level).map(({ msg }) => msg);
  }

  /** Resolves once the log has said this. */
  says(sentence: string): Promise<void> {
    if (this.log.some(({ msg }) => msg === sentence)) return Promise.resolve();
    return new Promise((resolve) => {
      this.#listeners.push((line) => {
        if (line.msg === sentence) resolve();
      });
    });
  }

  stop(): void {
    this.#stopping.abort(new Error("stopped by the test"));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.stop();
    await this.stopped;
    if (this.#isDirectoryOurs) await rm(this.directory, { recursive: true });
  }

  #logger(): Logger {
    const write = (text: string) => {
      const line: LogLine = JSON.parse(text);
      this.log.push(line);
      for (const listener of this.#listeners) listener(line);
    };
    return pino({ level: "debug", base: null }, { write });
  }
}
