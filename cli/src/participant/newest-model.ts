import { rename, rm, writeFile } from "node:fs/promises";
import { modelToBytes } from "@chorus/aggregation";
import { ClientError, type KeptModel, ModelStore } from "@chorus/client";
import type { Logger } from "pino";
import { CliError } from "../cli-error.ts";
import { pickRun } from "../operator/operator.ts";
import { shortHash } from "../terminal/format.ts";

/** A model that was written to a file. */
export interface WrittenModel extends KeptModel {
  readonly parameters: number;
  readonly bytes: number;
  /** Where it was written. */
  readonly output: string;
  /** A later round of the run of which a model is kept too, though it is not known here to be completed; null where there is none. */
  readonly laterRound: number | null;
}

/** Which model, and where to. */
export interface ModelChoice {
  /** The participant's, which may run meanwhile: nothing is written there. */
  readonly stateDirectory: string;
  /** The run's id or the beginning of it; undefined for the only run that has a model there. */
  readonly run: string | undefined;
  /** The round that made it; undefined for the last that is known to be completed. */
  readonly round: number | undefined;
  /** Replaced if it is there. */
  readonly output: string;
}

/**
 * Writes the newest model that a participant keeps of an encrypted run to a file that only its owner may read, as little-endian
 * float32: of the round that is chosen, of the last that the participant knows to be completed, or else of its last. Throws
 * {@link CliError} `unknown-run` where there is none, `wrong-usage` where there are several runs to choose from, no model of the
 * round, or the file cannot be written, `failed` for a model that is damaged; ClientError `unreadable` for a folder that does not open.
 */
export async function writeNewestModel(
  { stateDirectory, run, round, output }: ModelChoice,
  log: Logger,
): Promise<WrittenModel> {
  const store = await ModelStore.open(stateDirectory, log);
  const runId = runOf(store.kept, stateDirectory, run);
  const model = round === undefined ? store.latest(runId) : ofRound(store, runId, round);
  if (model === undefined) throw new Error(`run ${runId} has no newest model`);
  const bytes = modelToBytes(await load(store, model));
  await writeWhole(output, bytes);
  const laterRound = laterThan(model, store);
  return { ...model, parameters: bytes.length / 4, bytes: bytes.length, output, laterRound };
}

/** What the round was completed with goes before what an attempt at it has left. */
function ofRound(store: ModelStore, runId: string, round: number): KeptModel {
  const ofRun = store.kept.filter((model) => model.runId === runId);
  const models = ofRun.filter((model) => model.round === round);
  const model = models.find(({ isCommitted }) => isCommitted) ?? models[0];
  if (model !== undefined) return model;
  const rounds = [...new Set(ofRun.map((kept) => kept.round))].toSorted((a, b) => a - b);
  throw new CliError(
    "wrong-usage",
    `--round: no model of round ${round} is kept; models are kept of rounds ${rounds.join(", ")}`,
    "Choose one of these rounds, or take the model from another participant.",
  );
}

function laterThan({ runId, round }: KeptModel, { kept }: ModelStore): number | null {
  const later = kept.filter((model) => model.runId === runId && model.round > round);
  return later.length === 0 ? null : Math.max(...later.map((model) => model.round));
}

async function load(store: ModelStore, model: KeptModel): Promise<Float32Array> {
  try {
    return await store.load(model);
  } catch (cause) {
    if (!(cause instanceof ClientError)) throw cause;
    throw new CliError("failed", cause.message, "Take the model from another participant.", {
      cause,
    });
  }
}

function runOf(
  kept: readonly KeptModel[],
  stateDirectory: string,
  prefix: string | undefined,
): string {
  if (kept.length === 0)
    throw new CliError(
      "unknown-run",
      `no model is kept in ${stateDirectory}`,
      "Name the folder of a participant that has completed a round of an encrypted run; other models are the coordinator's.",
    );
  const runs = [...new Map(kept.map((model) => [model.runId, model])).values()];
  if (prefix !== undefined) return pickRun(runs, prefix).runId;
  const [only, ...others] = runs;
  if (only !== undefined && others.length === 0) return only.runId;
  const names = runs.map(({ runId, planName }) => `${shortHash(runId)} (${planName})`);
  throw new CliError(
    "wrong-usage",
    `${stateDirectory} has models of ${runs.length} runs: ${names.join(", ")}`,
    "Choose one with --run.",
  );
}

/** The file is there with all of the bytes, or as it was. */
async function writeWhole(path: string, bytes: Uint8Array): Promise<void> {
  try {
    await writeFile(`${path}.part`, bytes, { mode: 0o600 });
    await rename(`${path}.part`, path);
  } catch (cause) {
    await rm(`${path}.part`, { force: true });
    throw new CliError(
      "wrong-usage",
      `--output: cannot write ${path}: ${cause instanceof Error ? cause.message : cause}`,
      "Name a file in a folder that is there and may be written.",
      { cause },
    );
  }
}
