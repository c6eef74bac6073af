import { layoutOf, type Plan } from "@chorus/aggregation";
import { CliError } from "../cli-error.ts";
import type { Operator } from "../operator/operator.ts";
import type { RunSummary } from "../operator/run.ts";
import type { Interruption } from "../report/demo-result.ts";
import type { Terminal } from "../terminal/terminal.ts";
import type { DemoFederation } from "./federation.ts";
import { followRun } from "./follow.ts";
import { InterruptionDirector } from "./interruption.ts";
import type { TestMeter } from "./measure.ts";
import { CoordinatorModels, type Models, ParticipantModels } from "./models.ts";
import type { RunProgress } from "./progress.ts";
import type { DemoSettings } from "./settings.ts";
import type { Shard } from "./shards.ts";

/** What a federated run is made of. */
export interface FederateParts {
  readonly plan: Plan;
  /** As it is sent. */
  readonly planText: string;
  readonly settings: DemoSettings;
  /** Its participants are connected. */
  readonly federation: DemoFederation;
  readonly operator: Operator;
  readonly shards: readonly Shard[];
  readonly meter: TestMeter;
  readonly terminal: Terminal;
  readonly now: () => number;
}

/** What came of it. */
export interface FederatedRun {
  readonly progress: RunProgress;
  readonly interruption: Interruption | undefined;
  /** Where its models are, as long as its processes run. */
  readonly models: Models;
}

/**
 * Runs a plan in a federation to its end, with one participant killed on the way. Throws {@link CliError} `timed-out` with
 * what the run waits for when it takes too long.
 */
export async function federate(parts: FederateParts, signal: AbortSignal): Promise<FederatedRun> {
  const { operator, settings, shards, terminal } = parts;
  const run = await operator.startRun(parts.planText, signal);
  const director = new InterruptionDirector({
    participant: settings.victim,
    round: settings.killInRound,
    participants: shards.length,
  });
  using region = terminal.live();
  const victim = victimOf(parts);
  const models = modelsOf(parts);
  const following = { ...parts, director, region, victim, models };
  const progress = await inTime(parts, run, signal, (until) => followRun(run, following, until));
  return { progress, interruption: director.outcome(progress.completed), models };
}

function victimOf({ shards, settings }: FederateParts): Shard {
  const victim = shards.find(({ name }) => name === settings.victim);
  if (victim === undefined) throw new Error(`there is no participant ${settings.victim}`);
  return victim;
}

function modelsOf({ plan, operator, federation, shards }: FederateParts): Models {
  if (plan.protection.kind === "masking")
    return new CoordinatorModels(operator, layoutOf(plan.model));
  return new ParticipantModels(shards.map(({ name }) => federation.stateDirectory(name)));
}

async function inTime<Result>(
  { operator, settings }: FederateParts,
  run: RunSummary,
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const timeout = AbortSignal.timeout(settings.timeoutMs);
  try {
    return await work(AbortSignal.any([signal, timeout]));
  } catch (error) {
    if (!timeout.aborted || signal.aborted) throw error;
    const { summary } = await operator.explainRun(run.runId, signal);
    throw new CliError(
      "timed-out",
      `the run did not end in ${settings.timeoutMs / 1000} s: ${summary}`,
      "Run `chorus doctor`, and see the logs.",
    );
  }
}
