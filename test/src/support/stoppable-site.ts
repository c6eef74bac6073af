import { rm } from "node:fs/promises";
import { join } from "node:path";
import { type KeptModel, ModelStore } from "@chorus/client";
import type { CoordinatorAddress } from "./coordinator.ts";
import { TestLog } from "./log.ts";
import { type ParticipantSpec, participate } from "./participants.ts";

/** A model as a participant keeps it on disk. */
export interface ModelOnDisk extends KeptModel {
  /** Shape `[parameters]`. */
  readonly model: Float32Array;
}

/** A participant in this process that a test can stop, and start again with what it left on disk or without. */
export class StoppableSite implements AsyncDisposable {
  readonly name: string;
  readonly log: TestLog = new TestLog();
  readonly #start: (signal: AbortSignal) => Promise<void>;
  readonly #stateDirectory: string;
  #leaving = new AbortController();
  #running: Promise<void> = Promise.resolve();

  /** Its identity and its models live in `directory`. Starts at once. */
  constructor(
    address: Pick<CoordinatorAddress, "grpcPort" | "invitationFile">,
    directory: string,
    spec: ParticipantSpec,
  ) {
    this.name = spec.name;
    this.#stateDirectory = join(directory, spec.name);
    this.#start = (signal) => participate(address, directory, spec, this.log, signal);
    this.start();
  }

  /** Starts it again. */
  start(): void {
    this.#leaving = new AbortController();
    this.#running = this.#start(this.#leaving.signal);
  }

  /** Ends it. What it knows is then on its disk. */
  async stop(): Promise<void> {
    this.#leaving.abort();
    await this.#running;
  }

  /** Ends it, and its disk is lost. */
  async lose(): Promise<void> {
    await this.stop();
    await rm(this.#stateDirectory, { recursive: true });
  }

  /** The newest model of a run that it keeps; undefined where it keeps none. */
  async newestModel(runId: string): Promise<ModelOnDisk | undefined> {
    const store = await ModelStore.open(this.#stateDirectory, this.log.logger);
    const kept = store.latest(runId);
    return kept && { ...kept, model: await store.load(kept) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}
