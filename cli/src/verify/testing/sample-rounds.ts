import {
  applyOuterStep,
  type CommonRoundConfig,
  decodeSum,
  type Hash,
  initialModel,
  layoutOf,
  type MaskedRoundConfig,
  modelHash,
  modelToBytes,
  neighbourhoodFor,
  type Plan,
  planHash,
  type RoundTranscript,
  scaleBitsFor,
  sha256Hex,
  type UpdateCounts,
} from "@chorus/aggregation";
import { type RoundRow, transcriptToBytes } from "@chorus/coordinator";
import { cohort, type Exchanged, maskedRound } from "./sample-exchange.ts";

/** A run with its rounds, and every file that a coordinator keeps of it. */
export interface SampleRounds {
  readonly plan: Plan;
  readonly initialModelHash: Hash;
  /** None is on a chain. */
  readonly rounds: readonly RoundRow[];
  readonly files: ReadonlyMap<Hash, Uint8Array>;
}

/**
 * What a coordinator makes of a round's exchange before it takes the outer step, so that all that follows goes with it.
 * `exchange`: the same round's exchange when only the members at these places upload.
 */
export type Lie = (
  honest: Exchanged,
  exchange: (uploading: readonly number[]) => Exchanged,
) => Exchanged;

/** Where rounds belong. */
export interface SampleRun {
  readonly plan: Plan;
  readonly runId: Hash;
  readonly federationId: Hash;
  /** By the round's number. */
  readonly lies?: Readonly<Record<number, Lie>>;
}

/** Three rounds of four participants with real exchanges. */
export function sampleRounds(run: SampleRun): SampleRounds {
  const layout = layoutOf(run.plan.model);
  const files = new Map<Hash, Uint8Array>();
  const keep = (hash: Hash, bytes: Uint8Array): Hash => {
    files.set(hash, bytes);
    return hash;
  };
  const keepModel = (model: Float32Array) => keep(modelHash(layout, model), modelToBytes(model));
  const keepBytes = (bytes: Uint8Array) => keep(sha256Hex(bytes), bytes);

  let outer: ReturnType<typeof applyOuterStep> = {
    model: initialModel(layout, run.plan.seed),
    state: undefined,
  };
  const initialModelHash = keepModel(outer.model);
  const rounds: RoundRow[] = [];
  for (const round of [1, 2, 3]) {
    const parentModelHash = rounds.at(-1)?.modelHash ?? initialModelHash;
    const exchanged = exchangeOf(run, round, parentModelHash);
    const { sum, survivors, config } = exchanged.transcript;
    const { meanDelta, counts } = decodeSum(sum, survivors.length, config);
    outer = applyOuterStep(run.plan.strategy, { ...outer, meanDelta });
    rounds.push({
      ...keptOf(exchanged, counts),
      modelHash: keepModel(outer.model),
      strategyStateHash: outer.state === undefined ? "" : keepBytes(modelToBytes(outer.state)),
      transcriptHash: keepBytes(transcriptToBytes(exchanged.transcript)),
    });
  }
  return { plan: run.plan, initialModelHash, rounds, files };
}

/** What a coordinator keeps of a round but for its files. */
export function keptOf(
  { transcript, updatesRoot }: { readonly transcript: RoundTranscript; readonly updatesRoot: Hash },
  { evaluationLossMillis, ...counts }: UpdateCounts,
): Omit<RoundRow, "modelHash" | "strategyStateHash" | "transcriptHash"> {
  const { roundId, runId, round, parentModelHash } = transcript.config;
  return {
    roundId,
    runId,
    round,
    attempts: 1,
    parentModelHash,
    updatesRoot,
    cohort: cohort.length,
    survivors: transcript.survivors.length,
    startedAtMs: 1_700_000_000_000,
    endedAtMs: 1_700_000_001_000,
    phases: [{ phase: "training", seconds: 1 }],
    receivedBytes: 1000,
    sentBytes: 1000,
    ...counts,
    evaluationLoss: evaluationLossMillis / 1000 / counts.evaluationExamples,
    commit: undefined,
  };
}

function exchangeOf(run: SampleRun, round: number, parentModelHash: Hash): Exchanged {
  const config = configOf(run, round, parentModelHash);
  const exchange = (uploading: readonly number[]) => maskedRound(config, uploading);
  const honest = exchange([0, 1, 2, 3]);
  return run.lies?.[round]?.(honest, exchange) ?? honest;
}

function configOf(run: SampleRun, round: number, parentModelHash: Hash): MaskedRoundConfig {
  const { clippingNorm } = run.plan.protection;
  return {
    ...commonConfigOf(run, round, parentModelHash),
    ringBits: 32,
    scaleBits: scaleBitsFor(cohort.length, clippingNorm),
  };
}

/** What configurations of masked and of encrypted rounds have. */
export function commonConfigOf(
  { plan, runId, federationId }: SampleRun,
  round: number,
  parentModelHash: Hash,
): CommonRoundConfig {
  const { clippingNorm, maxExamples } = plan.protection;
  return {
    protocol: "SA-1",
    prg: "aes-128-ctr",
    commitment: "ring-sis-v1",
    federationId,
    runId,
    round,
    roundId: sha256Hex(`round ${round}`),
    planHash: planHash(plan),
    parentModelHash,
    cohort,
    ...neighbourhoodFor(cohort.length),
    minSurvivors: plan.roundPolicy.minSurvivors,
    dimension: layoutOf(plan.model).parameters,
    clippingNorm,
    maxExamples,
  };
}
