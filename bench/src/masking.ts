import {
  bytesOfWords,
  decodeSum,
  type OpenKernels,
  openFastKernels,
  openPlainKernels,
} from "@chorus/aggregation";
import { median } from "./masking/cpu-meter.ts";
import { MeasuredRound } from "./masking/measured-round.ts";
import { syntheticRound } from "./masking/synthetic-round.ts";

/** How large a round is. */
export interface MaskingRound {
  /** 2 to 10,000. */
  readonly participants: number;
  readonly parameters: number;
  /** Participants that share keys but never upload, the most expensive way to be lost: 0 to participants - threshold. */
  readonly dropouts: number;
}

/** What one round costs. CPU seconds are user and system time of this process, garbage collection included. */
export interface MaskingCosts extends MaskingRound {
  /** Mean over survivors, from making keys to revealing shares, quantising and the commitment included. */
  readonly participantCpuSeconds: number;
  /** Of these: the commitment to the vector, which makes the sum verifiable. */
  readonly commitmentCpuSeconds: number;
  readonly coordinatorCpuSeconds: number;
  /** Of these: checking that the commitments open to the sum. */
  readonly verificationCpuSeconds: number;
  /** Plain FedAvg over the same float updates: the coordinator's weighted float64 mean. Its participants only send. */
  readonly fedAvgCpuSeconds: number;
  /** Mean over survivors: payload of all the protocol's messages, without framing and without the model. */
  readonly sentBytes: number;
  readonly receivedBytes: number;
  /** What a participant of plain FedAvg sends: float32 parameters. */
  readonly fedAvgSentBytes: number;
  /** The largest difference between the unmasked mean and plain FedAvg's: the price of rounding to 2^-scaleBits. */
  readonly largestError: number;
}

/** The same thing with the kernels in TypeScript alone, and with those in WebAssembly. */
export interface SideBySide<T> {
  readonly plain: T;
  readonly fast: T;
}

/**
 * Runs a whole masked round in this process, with real keys and synthetic updates, beside plain FedAvg. Throws an Error
 * when the unmasked sum is not, word for word, the sum of the survivors' quantised updates, and MaskingError `too-few`
 * for more dropouts than the threshold allows.
 */
export function benchMasking(size: MaskingRound, openKernels: OpenKernels): MaskingCosts {
  const { participants, parameters, dropouts } = size;
  const synthetic = syntheticRound(participants, parameters);
  const round = new MeasuredRound(synthetic, dropouts, openKernels);
  const sum = round.run();
  if (Buffer.compare(bytesOfWords(sum), bytesOfWords(round.plainSum)) !== 0) {
    throw new Error("the unmasked sum is not the sum of the survivors' quantised updates");
  }
  const survivors = round.survivors.length;
  const { meanDelta } = round.coordinatorCpu.measure(() =>
    decodeSum(sum, survivors, synthetic.config),
  );
  const fedAvgMean = round.fedAvgCpu.measure(() => round.fedAvg.mean());
  return {
    participants,
    parameters,
    dropouts,
    participantCpuSeconds: round.survivorCpu.seconds / survivors,
    commitmentCpuSeconds: round.commitmentCpu.seconds / survivors,
    coordinatorCpuSeconds: round.coordinatorCpu.seconds,
    verificationCpuSeconds: round.verificationCpu.seconds,
    fedAvgCpuSeconds: round.fedAvgCpu.seconds,
    sentBytes: round.sentBytes / survivors,
    receivedBytes: round.receivedBytes / survivors,
    fedAvgSentBytes: 4 * parameters,
    largestError: largestDifference(meanDelta, fedAvgMean),
  };
}

/**
 * A round with plain kernels and with fast ones, taking turns, `repetitions` times (an odd number); of each the CPU times'
 * medians.
 */
export function benchSideBySide(
  round: MaskingRound,
  repetitions: number,
): SideBySide<MaskingCosts> {
  const plain: MaskingCosts[] = [];
  const fast: MaskingCosts[] = [];
  for (let i = 0; i < repetitions; i++) {
    plain.push(benchMasking(round, openPlainKernels));
    fast.push(benchMasking(round, openFastKernels));
  }
  return { plain: medianCosts(plain), fast: medianCosts(fast) };
}

function medianCosts(costs: readonly MaskingCosts[]): MaskingCosts {
  const [first] = costs;
  if (first === undefined) throw new RangeError("no costs, wanted at least one round's");
  return {
    ...first,
    participantCpuSeconds: median(costs.map((cost) => cost.participantCpuSeconds)),
    commitmentCpuSeconds: median(costs.map((cost) => cost.commitmentCpuSeconds)),
    coordinatorCpuSeconds: median(costs.map((cost) => cost.coordinatorCpuSeconds)),
    verificationCpuSeconds: median(costs.map((cost) => cost.verificationCpuSeconds)),
    fedAvgCpuSeconds: median(costs.map((cost) => cost.fedAvgCpuSeconds)),
  };
}

function largestDifference(a: Float64Array, b: Float64Array): number {
  return a.reduce((largest, value, i) => Math.max(largest, Math.abs(value - (b[i] ?? 0))), 0);
}
