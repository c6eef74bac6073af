import { readFile } from "node:fs/promises";
import { layoutOf, modelFromBytes, type Plan, parsePlan } from "@chorus/aggregation";
import { CliError } from "../cli-error.ts";
import type { Operator } from "../operator/operator.ts";
import type { RunSummary } from "../operator/run.ts";
import { renderDemoReport } from "../report/demo-report.ts";
import type { DemoResult } from "../report/demo-result.ts";
import { formatCount } from "../terminal/format.ts";
import type { LiveRegion, Terminal } from "../terminal/terminal.ts";
import type { Verification } from "../verify/history.ts";
import { openOfflineHistory } from "../verify/offline.ts";
import { requireThatHolds, verifyRun } from "../verify/verify-run.ts";
import { type Baselines, trainBaselines } from "./baselines.ts";
import { Children } from "./children.ts";
import { type Digits, readDigits } from "./digits.ts";
import { DemoFederation } from "./federation.ts";
import { followRun } from "./follow.ts";
import { InterruptionDirector } from "./interruption.ts";
import { TestMeter } from "./measure.ts";
import type { RunProgress } from "./progress.ts";
import { demoResult } from "./result.ts";
import { RunFolder } from "./run-folder.ts";
import type { DemoSettings } from "./settings.ts";
import { type Shard, writeShards } from "./shards.ts";

/** What a demo is made with. */
export interface DemoOptions {
  /** Folder of all demos' folders. */
  readonly runsDirectory: string;
  readonly planPath: string;
  readonly settings: DemoSettings;
}

export interface DemoDependencies {
  readonly terminal: Terminal;
  /** The file that runs as `chorus`. */
  readonly mainPath: string;
  readonly now: () => number;
}

/** Where a demo left its results. */
export interface FinishedDemo {
  readonly result: DemoResult;
  readonly folder: string;
  readonly reportPath: string;
  /** For `chorus verify`. */
  readonly dataDirectory: string;
}

/**
 * A whole federation on this machine, from splitting the data to the report. When it fails its folder keeps the logs; when
 * it is interrupted nothing is left of it. Throws {@link CliError} and the signal's reason.
 */
export async function runDemo(
  options: DemoOptions,
  dependencies: DemoDependencies,
  signal: AbortSignal,
): Promise<FinishedDemo> {
  const startedAtMs = dependencies.now();
  await using folder = await RunFolder.create(options.runsDirectory, startedAtMs);
  try {
    return await new Demo(options, dependencies, folder).run(startedAtMs, signal);
  } catch (error) {
    if (!signal.aborted) {
      folder.keep();
      dependencies.terminal.warn(`the demo failed; its logs are in ${folder.path}`);
    }
    throw error;
  } finally {
    await folder.remove("participants");
  }
}

/** The demo's chain is the embedded one: nothing needs to be said about it. */
const noLedgerChoice = { chainUrl: undefined, contract: undefined, committer: undefined };

/** One demo: each method is one of its steps. */
class Demo {
  readonly #options: DemoOptions;
  readonly #dependencies: DemoDependencies;
  readonly #folder: RunFolder;

  constructor(options: DemoOptions, dependencies: DemoDependencies, folder: RunFolder) {
    this.#options = options;
    this.#dependencies = dependencies;
    this.#folder = folder;
  }

  async run(startedAtMs: number, signal: AbortSignal): Promise<FinishedDemo> {
    const { terminal } = this.#dependencies;
    const planText = await readPlan(this.#options.planPath);
    const plan = parsePlan(planText);
    const digits = await readDigits();
    const shards = await writeShards(digits.train, plan.seed, this.#options.settings, this.#folder);
    for (const { name, indices } of shards)
      terminal.tell(`${name}: ${formatCount(indices.length)} digits`);
    using meter = await TestMeter.open(plan, digits.test, pixelScale(plan), signal);
    const federated = await this.#federate(planText, shards, meter, signal);
    const baselines = await this.#compare(plan, digits, shards, federated.progress, meter, signal);
    const verification = await this.#verify(federated, signal);
    const result = demoResult({
      ...federated,
      plan,
      shards,
      baselines,
      verification,
      settings: this.#options.settings,
      digits,
      backend: meter.backend,
      startedAtMs,
      endedAtMs: this.#dependencies.now(),
    });
    return await this.#finish(result, federated.dataDirectory);
  }

  /** The federated run itself, in processes that are gone when it returns. */
  async #federate(
    planText: string,
    shards: readonly Shard[],
    meter: TestMeter,
    signal: AbortSignal,
  ) {
    const { settings } = this.#options;
    const { terminal, mainPath } = this.#dependencies;
    await using children = new Children(mainPath);
    const federation = await DemoFederation.start(children, this.#folder, signal);
    const watched = AbortSignal.any([signal, federation.failed]);
    using operator = await federation.operator();
    for (const shard of shards) federation.startParticipant(shard);
    await federation.allConnected(operator, watched);
    terminal.tell(`${shards.length} participants are connected\n`);
    const run = await operator.startRun(planText, watched);
    const director = new InterruptionDirector({
      participant: settings.victim,
      round: settings.killInRound,
    });
    using region = terminal.live();
    const following = { operator, federation, director, region, meter, shards };
    const progress = await this.#follow(run, parsePlan(planText), following, watched);
    const { plan } = await operator.getRun(run.runId, watched);
    await federation.stop();
    const { dataDirectory } = federation;
    return {
      progress,
      canonicalPlan: plan,
      interruption: director.outcome(progress.completed),
      dataDirectory,
    };
  }

  async #follow(
    run: RunSummary,
    plan: Plan,
    parts: {
      readonly operator: Operator;
      readonly federation: DemoFederation;
      readonly director: InterruptionDirector;
      readonly region: LiveRegion;
      readonly meter: TestMeter;
      readonly shards: readonly Shard[];
    },
    signal: AbortSignal,
  ): Promise<RunProgress> {
    const { operator, meter, shards } = parts;
    const { victim: victimName, timeoutMs } = this.#options.settings;
    const victim = shards.find(({ name }) => name === victimName);
    if (victim === undefined) throw new Error(`there is no participant ${victimName}`);
    const timeout = AbortSignal.timeout(timeoutMs);
    const layout = layoutOf(plan.model);
    const accuracyOf = async (modelHash: string, until: AbortSignal): Promise<number> => {
      const bytes = await operator.fetchModel(modelHash, until);
      return await meter.accuracy(modelFromBytes(layout, bytes), until);
    };
    try {
      const dependencies = { ...parts, victim, accuracyOf, now: this.#dependencies.now };
      return await followRun(run, dependencies, AbortSignal.any([signal, timeout]));
    } catch (error) {
      if (!timeout.aborted || signal.aborted) throw error;
      throw await stuck(operator, run, timeoutMs, signal);
    }
  }

  async #compare(
    plan: Plan,
    digits: Digits,
    shards: readonly Shard[],
    progress: RunProgress,
    meter: TestMeter,
    signal: AbortSignal,
  ): Promise<Baselines> {
    this.#dependencies.terminal.tell(
      "training each participant alone, and all digits in one place",
    );
    const trainings = progress.completed.map(({ survivors }) => survivors);
    return await trainBaselines({ plan, train: digits.train, scale: pixelScale(plan), shards, trainings }, meter, signal);
  }

  /** Reads everything again from the files that the federation left. */
  async #verify(
    { dataDirectory, progress }: { dataDirectory: string; progress: RunProgress },
    signal: AbortSignal,
  ): Promise<Verification> {
    this.#dependencies.terminal.tell("verifying the chain and the files");
    await using history = await openOfflineHistory(dataDirectory, noLedgerChoice, signal);
    const { source, ledger } = history;
    const verification = await verifyRun(progress.run.runId, source, ledger, signal);
    requireThatHolds(verification);
    return verification;
  }

  async #finish(result: DemoResult, dataDirectory: string): Promise<FinishedDemo> {
    await this.#folder.write("report.json", `${JSON.stringify(result, undefined, 2)}\n`);
    const reportPath = await this.#folder.write("report.html", await renderDemoReport(result));
    this.#folder.keep();
    return { result, folder: this.#folder.path, reportPath, dataDirectory };
  }
}

async function readPlan(path: string): Promise<string> {
  return await readFile(path, "utf8").catch((cause: unknown) => {
    throw new CliError("bad-plan", `cannot read the plan ${path}`, "Name a file that exists.", {
      cause,
    });
  });
}

function pixelScale({ data }: Plan): number {
  if (data.format === "idx") return data.scale;
  throw new CliError(
    "bad-plan",
    `the plan's data are ${data.format}`,
    "The demo's digits are idx: use such a plan.",
  );
}

async function stuck(
  operator: Operator,
  run: RunSummary,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<CliError> {
  const { summary } = await operator.explainRun(run.runId, signal);
  return new CliError(
    "timed-out",
    `the run did not end in ${timeoutMs / 1000} s: ${summary}`,
    "Run `chorus doctor`, and see the logs.",
  );
}
