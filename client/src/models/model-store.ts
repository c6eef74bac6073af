import {
  type Hash,
  layoutOf,
  type ModelLayout,
  modelFromBytes,
  modelHash,
  modelToBytes,
  vectorFromBytes,
} from "@chorus/aggregation";
import type { Logger } from "pino";
import { ClientError } from "../error.ts";
import { ModelFiles } from "./model-files.ts";
import { type ModelName, type ModelRecord, recordOf } from "./model-record.ts";

/** A round's model and what its strategy goes on with. */
export interface RunModel {
  /** Shape `[parameters]`. */
  readonly model: Float32Array;
  /** Shape `[stateLength]`; undefined before the first round, and for a strategy without state. */
  readonly state: Float32Array | undefined;
}

/** A model on disk, as people are told of it. */
export interface KeptModel {
  readonly runId: Hash;
  /** The round that made it, from 1. */
  readonly round: number;
  readonly modelHash: Hash;
  /** The name in the run's plan. */
  readonly planName: string;
  /** Whether the round was completed with it, as far as this participant has heard. */
  readonly isCommitted: boolean;
  /** When it was kept, ISO 8601. */
  readonly when: string;
  /** Of its file: little-endian float32. */
  readonly path: string;
}

/** Which model to read, and what it has to look like. */
export interface WantedModel {
  readonly runId: Hash;
  readonly modelHash: Hash;
  readonly layout: ModelLayout;
  /** Numbers that the run's strategy keeps; 0 for one without state. */
  readonly stateLength: number;
}

const DAMAGED = "a kept model cannot be used: it will be asked for when it is needed";

/**
 * The models of encrypted runs, which only participants have: in the state directory, of each run the newest one that is known
 * to be committed, for as long as nobody removes the folder, and the one that was kept last; with what the strategy goes on with.
 * What is damaged is taken for absent, and the log is told.
 */
export class ModelStore {
  readonly #files: ModelFiles;
  readonly #log: Logger;
  /** The ones that were written last are the last. */
  #records: readonly ModelRecord[];
  /** When the last writing has ended. */
  #turn: Promise<unknown> = Promise.resolve();

  private constructor(files: ModelFiles, records: readonly ModelRecord[], log: Logger) {
    this.#files = files;
    this.#records = records;
    this.#log = log;
  }

  /** Looks what a state directory has, and writes nothing. Rejects with {@link ClientError} `unreadable` for a folder that does not open. */
  static async open(stateDirectory: string, log: Logger): Promise<ModelStore> {
    const files = new ModelFiles(stateDirectory);
    try {
      const records = await files.records((path, reason) => log.warn({ path, reason }, DAMAGED));
      return new ModelStore(files, records, log);
    } catch (cause) {
      throw failed("unreadable", `cannot read the models in ${stateDirectory}`, cause);
    }
  }

  /** All models, the newest first. */
  get kept(): KeptModel[] {
    return this.#records.map((record) => this.#keptOf(record)).toReversed();
  }

  /** A run's model of the last round that is known to be completed, or else of the last; undefined where there is none. */
  latest(runId: Hash): KeptModel | undefined {
    const record = this.#newestCommitted(runId) ?? this.#ofRun(runId).at(-1);
    return record && this.#keptOf(record);
  }

  /** Reads a model for people. Rejects with {@link ClientError} `unreadable` when it is missing or damaged. */
  async load({ runId, modelHash }: Pick<KeptModel, "runId" | "modelHash">): Promise<Float32Array> {
    const record = this.#find(runId, modelHash);
    try {
      if (record === undefined) throw new Error("it is not kept");
      return await this.#modelOf(record, layoutOf(record.plan.model));
    } catch (cause) {
      throw failed("unreadable", `cannot read the model ${modelHash} of run ${runId}`, cause);
    }
  }

  /** The model of this hash; undefined where it is not kept, or what is kept is damaged. */
  async read({ runId, modelHash, ...wanted }: WantedModel): Promise<RunModel | undefined> {
    const record = this.#find(runId, modelHash);
    if (record === undefined) return undefined;
    try {
      const model = await this.#modelOf(record, wanted.layout);
      return { model, state: await this.#stateOf(record, wanted.stateLength) };
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.#log.warn({ path: this.#files.modelPath(record), reason }, DAMAGED);
      return undefined;
    }
  }

  /** Removes what a crash or a full disk has left. For who writes here. Rejects with {@link ClientError} `unwritable`. */
  async sweep(): Promise<void> {
    await this.#inTurn(() => this.#files.sweep());
  }

  /**
   * Resolves when a model is on disk; with its path. Of the others of the run the newest committed one stays, and what another
   * attempt at the same round begins with. Rejects with {@link ClientError} `unwritable`.
   */
  async keep(name: ModelName, { model, state }: RunModel): Promise<string> {
    const content = {
      model: modelToBytes(model),
      state: state === undefined ? undefined : modelToBytes(state),
    };
    await this.#inTurn(async () => {
      const isSame = (other: ModelRecord) => other.round === name.round && isOf(other, name);
      const isCommitted = this.#records.some((other) => isSame(other) && other.isCommitted);
      const record = { ...recordOf(name, content, new Date().toISOString()), isCommitted };
      await this.#files.write(record, content);
      this.#records = [...this.#records.filter((other) => !isSame(other)), record];
      await this.#forgetOthers(record);
    });
    return this.#files.modelPath(name);
  }

  /** A round was completed with this model: written down where it is kept. Resolves with its path, undefined where it is not. */
  async committed(runId: Hash, modelHash: Hash): Promise<string | undefined> {
    const record = this.#find(runId, modelHash);
    if (record === undefined) return undefined;
    if (!record.isCommitted)
      await this.#inTurn(async () => {
        const committed = { ...record, isCommitted: true };
        await this.#files.writeRecord(committed);
        this.#records = this.#records.map((other) => (other === record ? committed : other));
      });
    return this.#files.modelPath(record);
  }

  /** Removes a model that was not what the round made. Rejects with {@link ClientError} `unwritable`. */
  async forget(runId: Hash, modelHash: Hash): Promise<void> {
    const record = this.#find(runId, modelHash);
    if (record !== undefined) await this.#inTurn(() => this.#remove([record]));
  }

  #find(runId: Hash, modelHash: Hash): ModelRecord | undefined {
    return this.#ofRun(runId).findLast((record) => record.modelHash === modelHash);
  }

  #newestCommitted(runId: Hash): ModelRecord | undefined {
    return this.#ofRun(runId).findLast(({ isCommitted }) => isCommitted);
  }

  /** By round, and in one round as they were written. */
  #ofRun(runId: Hash): ModelRecord[] {
    return this.#records
      .filter((record) => record.runId === runId)
      .toSorted((a, b) => a.round - b.round);
  }

  #keptOf(record: ModelRecord): KeptModel {
    const { runId, round, modelHash, plan, isCommitted, when } = record;
    const path = this.#files.modelPath(record);
    return { runId, round, modelHash, planName: plan.name, isCommitted, when, path };
  }

  async #modelOf(record: ModelRecord, layout: ModelLayout): Promise<Float32Array> {
    const model = modelFromBytes(layout, await this.#files.readModel(record));
    const hash = modelHash(layout, model);
    if (hash === record.modelHash) return model;
    throw new Error(`its model hash is ${hash}, wanted ${record.modelHash}`);
  }

  async #stateOf(record: ModelRecord, length: number): Promise<Float32Array | undefined> {
    const bytes = await this.#files.readState(record);
    if ((bytes?.length ?? 0) !== 4 * length)
      throw new Error(`its state has ${bytes?.length ?? 0} bytes, wanted ${4 * length}`);
    return bytes && vectorFromBytes(bytes, length, "state");
  }

  async #forgetOthers(record: ModelRecord): Promise<void> {
    const newest = this.#newestCommitted(record.runId);
    const stays = (other: ModelRecord) =>
      other === record || other === newest || isBefore(other, record);
    await this.#remove(this.#ofRun(record.runId).filter((other) => !stays(other)));
  }

  async #remove(old: readonly ModelRecord[]): Promise<void> {
    this.#records = this.#records.filter((record) => !old.includes(record));
    for (const record of old) await this.#files.remove(record);
  }

  /** Does something to the files once all that was begun before has ended. */
  async #inTurn(work: () => Promise<void>): Promise<void> {
    const turn = Promise.allSettled([this.#turn]).then(work);
    this.#turn = turn;
    try {
      await turn;
    } catch (cause) {
      throw failed("unwritable", "cannot write the models in the state directory", cause);
    }
  }
}

/** Whether another attempt at a round would begin with this model of the same run. */
function isBefore({ round, isCommitted }: ModelRecord, record: ModelRecord): boolean {
  return isCommitted && round === record.round - 1;
}

function isOf(record: ModelRecord, { runId, modelHash }: ModelName): boolean {
  return record.runId === runId && record.modelHash === modelHash;
}

function failed(code: "unreadable" | "unwritable", what: string, cause: unknown): ClientError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new ClientError(code, `${what}: ${reason}`, { cause });
}
