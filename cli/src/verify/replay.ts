import {
  applyOuterStep,
  type Hash,
  ModelError,
  type ModelLayout,
  modelHash,
  modelToBytes,
  type SumVerifier,
  sha256Hex,
  stateLength,
  type VerifiedSum,
  vectorFromBytes,
} from "@chorus/aggregation";
import type { CompletedRound } from "../operator/run.ts";
import { proveSum } from "./check-transcript.ts";
import { mostVectorBytes } from "./file-bounds.ts";
import {
  causedBy,
  compare,
  type Difference,
  type DifferenceCause,
  type HistorySource,
  type ProvenRound,
  type RoundProofs,
  type StoredRound,
} from "./history.ts";
import type { ExpectedRun } from "./kept-transcript.ts";

/** What a round starts from. */
interface Known {
  /** Shape `[parameters]`. */
  readonly model: Float32Array;
  /** The strategy's, shape `[stateLength]`; undefined where it has none. */
  readonly state: Float32Array | undefined;
}

/** What of it is not known. */
interface Unknown {
  readonly unknown: string;
}

/** What the next round starts from. `cause`: of what kept the round before from being made again. */
type Standing = Known | (Unknown & { readonly cause: DifferenceCause | undefined });

/**
 * A masked run made again from its first model, round after round, with nothing but the sums that transcripts prove. A round that
 * cannot be made again is told of; the next one then starts from the files that the run keeps, so that it is checked too.
 */
export class Replay implements RoundProofs {
  readonly #run: ExpectedRun;
  readonly #layout: ModelLayout;
  readonly #source: HistorySource;
  readonly #verifier: SumVerifier;
  /** That of the first proven sum, where nobody told it. */
  #federationId: Hash | undefined;
  #standing: Standing;

  /** `first`: the model before round 1. */
  constructor(
    options: {
      readonly run: ExpectedRun;
      readonly layout: ModelLayout;
      readonly first: Float32Array;
      readonly federationId: Hash | undefined;
    },
    dependencies: { readonly source: HistorySource; readonly verifier: SumVerifier },
  ) {
    this.#run = options.run;
    this.#layout = options.layout;
    this.#federationId = options.federationId;
    this.#standing = { model: options.first, state: undefined };
    this.#source = dependencies.source;
    this.#verifier = dependencies.verifier;
  }

  /** Makes the next round again, and says what does not come out as it is kept. Throws the signal's reason. */
  async next(
    round: CompletedRound,
    stored: StoredRound | undefined,
    signal: AbortSignal,
  ): Promise<ProvenRound> {
    const federationId = this.#federationId;
    const expected = { run: this.#run, round, federationId, roundId: stored?.roundId };
    const { proven, ...found } = await proveSum(expected, this.#source, this.#verifier, signal);
    this.#federationId ??= proven?.federationId;
    const stepped = proven === undefined ? [] : this.#step(proven, round, stored);
    const differences = [...found.differences, ...stepped];
    if (proven === undefined || stepped.length > 0) {
      const known = await this.#kept(round, stored, signal);
      const cause = differences[0]?.cause;
      this.#standing = "unknown" in known ? { ...known, cause } : known;
    }
    return { differences, reports: undefined };
  }

  /** Takes the outer step, and compares what it makes with what the round is kept with. */
  #step(
    { meanDelta }: VerifiedSum,
    round: CompletedRound,
    stored: StoredRound | undefined,
  ): readonly Difference[] {
    const before = this.#standing;
    const what = "the model from the sum";
    if ("unknown" in before) {
      const got = `none, as ${before.unknown} is not known`;
      const found = { round: round.round, what, expected: round.modelHash, got };
      return causedBy(before.cause, [found]);
    }
    try {
      const after = applyOuterStep(this.#run.plan.strategy, { ...before, meanDelta });
      this.#standing = after;
      const made = modelHash(this.#layout, after.model);
      const differences = [
        ...compare(round.round, what, made, round.modelHash),
        ...compareState(after.state, round.round, stored),
      ];
      return causedBy("published", differences);
    } catch (error) {
      if (!(error instanceof ModelError)) throw error;
      const got = `none: ${error.message}`;
      return causedBy("published", [{ round: round.round, what, expected: round.modelHash, got }]);
    }
  }

  /** The files that the run keeps of a round, as far as they are what they are named after. */
  async #kept(
    round: CompletedRound,
    stored: StoredRound | undefined,
    signal: AbortSignal,
  ): Promise<Known | Unknown> {
    const { parameters } = this.#layout;
    const { strategy } = this.#run.plan;
    const name = modelName(this.#layout);
    const model = await this.#vector(round.modelHash, parameters, name, signal);
    if (model === undefined) return { unknown: `the model after round ${round.round}` };
    const length = stateLength(strategy, parameters);
    if (length === 0) return { model, state: undefined };
    const hash = stored?.strategyStateHash ?? "";
    const state = await this.#vector(hash, length, stateName, signal);
    if (state === undefined) return { unknown: `the strategy's state after round ${round.round}` };
    return { model, state };
  }

  /** The vector that is kept under a hash; undefined where the file is missing, damaged or another. */
  async #vector(
    hash: Hash | "",
    length: number,
    nameOf: (vector: Float32Array) => Hash,
    signal: AbortSignal,
  ): Promise<Float32Array | undefined> {
    if (hash === "") return undefined;
    const bytes = await this.#source.file(hash, mostVectorBytes(length), signal);
    if ("problem" in bytes) return undefined;
    try {
      const vector = vectorFromBytes(bytes, length, "file");
      return nameOf(vector) === hash ? vector : undefined;
    } catch (error) {
      if (!(error instanceof ModelError)) throw error;
      return undefined;
    }
  }
}

function compareState(
  state: Float32Array | undefined,
  round: number,
  stored: StoredRound | undefined,
): readonly Difference[] {
  if (stored === undefined) return [];
  const made = state === undefined ? "none" : stateName(state);
  return compare(round, "the strategy's state", made, stored.strategyStateHash || "none");
}

/** A strategy's state is named after its bytes. */
function stateName(state: Float32Array): Hash {
  return sha256Hex(modelToBytes(state));
}

function modelName(layout: ModelLayout): (model: Float32Array) => Hash {
  return (model) => modelHash(layout, model);
}
