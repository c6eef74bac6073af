import { arch, availableParallelism, cpus, platform } from "node:os";
import { layoutOf, type Plan } from "@chorus/aggregation";
import type { RunDetails } from "../operator/run.ts";
import { type AccuracyPoint, federatedSeries } from "../report/charts.ts";
import type { DemoResult, Interruption, MeasuredRound } from "../report/demo-result.ts";
import type { Verification } from "../verify/history.ts";
import type { Baselines } from "./baselines.ts";
import type { Digits } from "./digits.ts";
import type { RunProgress } from "./progress.ts";
import type { DemoSettings } from "./settings.ts";
import type { Shard } from "./shards.ts";

/** What a demo gathered on its way. */
export interface DemoParts {
  readonly plan: Plan;
  /** With the accuracy of every model. */
  readonly progress: RunProgress;
  readonly shards: readonly Shard[];
  readonly digits: Digits;
  readonly settings: DemoSettings;
  readonly baselines: Baselines;
  readonly interruption: Interruption | undefined;
  readonly verification: Verification;
  /** The run as its files have it. */
  readonly details: RunDetails;
  readonly backend: string;
  readonly startedAtMs: number;
  readonly endedAtMs: number;
}

/** Puts a demo's parts together as its report tells them. */
export function demoResult(parts: DemoParts): DemoResult {
  const { plan, details, verification, digits } = parts;
  const { run } = details;
  const rounds = measuredRounds(parts);
  return {
    runId: run.runId,
    planName: plan.name,
    plan: details.plan,
    planHash: run.planHash,
    protection: plan.protection,
    startedAtMs: parts.startedAtMs,
    wallMs: parts.endedAtMs - parts.startedAtMs,
    runMs: run.endedAtMs - run.startedAtMs,
    environment: environment(parts.backend),
    parameters: layoutOf(plan.model).parameters,
    trainExamples: digits.train.labels.length,
    testExamples: digits.test.labels.length,
    alpha: parts.settings.alpha,
    participants: parts.shards.map(({ name, indices, labels }) => ({
      name,
      examples: indices.length,
      labels,
      aloneAccuracy: lastAccuracy(parts.baselines.alone.get(name)),
    })),
    rounds,
    ...comparison(rounds, parts.baselines),
    interruption: parts.interruption,
    ledger: verification.ledger,
    verification: {
      rounds: verification.rounds.length - verification.waiting,
      // Nobody signs the initial one.
      models: verification.rounds.length + (plan.protection.kind === "he" ? 0 : 1),
      headEntry: verification.rounds.at(-1)?.entry ?? "",
    },
  };
}

function comparison(
  rounds: readonly MeasuredRound[],
  { centralised, alone }: Baselines,
): Pick<DemoResult, "accuracy" | "examplesSeen" | "curves"> {
  const last = rounds.at(-1);
  return {
    accuracy: {
      federated: last?.testAccuracy ?? Number.NaN,
      centralised: lastAccuracy(centralised),
    },
    examplesSeen: last?.examplesSeen ?? 0,
    curves: [
      ...federatedCurve(rounds, centralised[0]),
      ...centralised,
      ...[...alone.values()].flat(),
    ],
  };
}

function measuredRounds({ progress, details, plan }: DemoParts): readonly MeasuredRound[] {
  const { localSteps, batchSize } = plan.training;
  const accuracies = new Map(progress.lines.map(({ round, accuracy }) => [round, accuracy]));
  let examplesSeen = 0;
  return details.rounds.map((round) => {
    examplesSeen += round.survivors * localSteps * batchSize;
    return { ...round, testAccuracy: accuracies.get(round.round) ?? Number.NaN, examplesSeen };
  });
}

/** `initial`: the centralised curve's first point, which is the same model. */
function federatedCurve(
  rounds: readonly MeasuredRound[],
  initial: AccuracyPoint | undefined,
): readonly AccuracyPoint[] {
  const first = initial === undefined ? [] : [{ ...initial, series: federatedSeries }];
  const later = rounds.map(({ examplesSeen, testAccuracy }) => ({
    series: federatedSeries,
    examplesSeen,
    accuracy: testAccuracy,
  }));
  return [...first, ...later];
}

function lastAccuracy(curve: readonly AccuracyPoint[] | undefined): number {
  return curve?.at(-1)?.accuracy ?? Number.NaN;
}

function environment(backend: string): DemoResult["environment"] {
  return {
    node: process.versions.node,
    platform: `${platform()} ${arch()}`,
    cpu: cpus()[0]?.model.trim() ?? "an unknown processor",
    cores: availableParallelism(),
    backend,
  };
}
