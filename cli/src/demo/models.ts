import { type Hash, type ModelLayout, modelFromBytes } from "@chorus/aggregation";
import { ClientError, ModelStore } from "@chorus/client";
import { pino } from "pino";
import { CliError } from "../cli-error.ts";
import type { Operator } from "../operator/operator.ts";
import { shortHash } from "../terminal/format.ts";

/** Where a run's models are. */
export interface Models {
  /** The model with this hash, checked. Throws {@link CliError} as the operator's calls do, or `failed` where nobody has it. */
  model(hash: Hash, signal: AbortSignal): Promise<Float32Array>;
}

/** The models of a masked run, which its coordinator keeps. */
export class CoordinatorModels implements Models {
  readonly #operator: Operator;
  readonly #layout: ModelLayout;

  constructor(operator: Operator, layout: ModelLayout) {
    this.#operator = operator;
    this.#layout = layout;
  }

  async model(hash: Hash, signal: AbortSignal): Promise<Float32Array> {
    const bytes = await this.#operator.fetchFile(hash, 4 * this.#layout.parameters, signal);
    return modelFromBytes(this.#layout, bytes);
  }
}

/** The newest two models of an encrypted run, which its participants keep and nobody else. */
export class ParticipantModels implements Models {
  readonly #stateDirectories: readonly string[];

  constructor(stateDirectories: readonly string[]) {
    this.#stateDirectories = stateDirectories;
  }

  async model(hash: Hash, signal: AbortSignal): Promise<Float32Array> {
    for (const directory of this.#stateDirectories) {
      signal.throwIfAborted();
      const found = await modelIn(directory, hash);
      if (found !== undefined) return found;
    }
    throw new CliError(
      "failed",
      `none of ${this.#stateDirectories.length} participants has the model ${shortHash(hash)}…`,
      "See the participants' logs.",
    );
  }
}

/** Undefined where there is none such, or one that cannot be read: its participant may be about to replace it. */
async function modelIn(directory: string, hash: Hash): Promise<Float32Array | undefined> {
  try {
    const store = await ModelStore.open(directory, pino({ enabled: false }));
    const kept = store.kept.find(({ modelHash }) => modelHash === hash);
    return kept && (await store.load(kept));
  } catch (error) {
    if (!(error instanceof ClientError)) throw error;
    return undefined;
  }
}
