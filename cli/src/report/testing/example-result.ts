import type { DemoResult, MeasuredRound } from "../demo-result.ts";

const hashOf = (digit: number): string => digit.toString(16).padStart(2, "0").repeat(32);

const phases = [
  ["selecting", 0.02],
  ["training", 1.6],
  ["advertising-keys", 0.06],
  ["sharing-keys", 0.08],
  ["collecting", 0.24],
  ["confirming-survivors", 0.04],
  ["unmasking", 0.05],
  ["aggregating", 0.03],
  ["committing", 0.02],
] as const;

const rounds = Array.from({ length: 6 }, (_, index): MeasuredRound => {
  const round = index + 1;
  const survivors = round === 3 ? 3 : 4;
  return {
    round,
    attempts: 1,
    parentModelHash: hashOf(round - 1),
    modelHash: hashOf(round),
    updatesRoot: hashOf(round + 100),
    transcriptHash: hashOf(round + 120),
    cohort: 4,
    survivors,
    startedAtMs: 1_770_000_000_000 + 2200 * index,
    endedAtMs: 1_770_000_000_000 + 2200 * round,
    phases: phases.map(([phase, seconds]) => ({ phase, seconds: seconds + 0.01 * round })),
    receivedBytes: 104_000 * survivors,
    sentBytes: 110_000 * survivors,
    trainingExamples: 13_500 * survivors,
    evaluationExamples: 1500 * survivors,
    evaluationCorrect: 1300 * survivors,
    evaluationLoss: 0.4,
    ledgerEntry: {
      entry: hashOf(round + 50),
      transactionHash: hashOf(round + 60),
      blockNumber: round + 1,
    },
    testAccuracy: 0.943 - 0.4 / round ** 2 + 0.4 / 36,
    examplesSeen: 6400 * round,
  };
});

const names = ["alice", "bob", "carol", "dave"] as const;

/** A demo that never was, for the report's tests. */
export const exampleResult: DemoResult = {
  runId: hashOf(171),
  planName: "mnist-mlp",
  plan: '{"name":"mnist-mlp","rounds":6}',
  planHash: hashOf(18),
  protection: { kind: "masking", clippingNorm: 20, maxExamples: 20_000 },
  startedAtMs: 1_770_000_000_000,
  wallMs: 61_000,
  runMs: 13_200,
  environment: {
    node: "24.0.0",
    platform: "linux x64",
    cpu: "a processor",
    cores: 2,
    backend: "wasm",
  },
  parameters: 25_450,
  trainExamples: 60_000,
  testExamples: 10_000,
  alpha: 0.5,
  participants: names.map((name, index) => ({
    name,
    examples: 15_000,
    labels: Array.from({ length: 10 }, (_, label) => ((label * 7 + index * 3) % 10) * 333),
    aloneAccuracy: 0.7 + 0.04 * index,
  })),
  rounds,
  accuracy: { federated: 0.943, centralised: 0.951 },
  examplesSeen: 38_400,
  curves: ["federated", "centralised", ...names.map((name) => `${name} alone`)].flatMap(
    (series, index) =>
      [0, 1, 2, 3, 4, 5, 6].map((step) => ({
        series,
        examplesSeen: 6400 * step,
        accuracy:
          0.1 + (index < 2 ? 0.843 + 0.008 * index : 0.5 + 0.04 * index) * (1 - 0.4 ** step),
      })),
  ),
  interruption: {
    participant: "carol",
    round: 3,
    phase: "training",
    survivors: 3,
    participants: 4,
    returnedInRound: 5,
  },
  ledger: "embedded chain",
  verification: { rounds: 6, models: 7, headEntry: hashOf(56) },
};
