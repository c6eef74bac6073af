import { canonicalPlan, modelToBytes, type Plan, parsePlan } from "@chorus/aggregation";
import { CliError } from "../cli-error.ts";
import type { RunDetails } from "../operator/run.ts";
import { readPlanText } from "../read-plan.ts";
import { renderDemoReport } from "../report/demo-report.ts";
import type { DemoResult } from "../report/demo-result.ts";
import { formatCount } from "../terminal/format.ts";
import type { Terminal } from "../terminal/terminal.ts";
import type { Verification } from "../verify/history.ts";
import { openOfflineHistory } from "../verify/offline.ts";
import { requireThatHolds, verifyRun } from "../verify/verify-run.ts";
import { trainBaselines } from "./baselines.ts";
import { Children } from "./children.ts";
import { type Digits, readDigits } from "./digits.ts";
import { type FederatedRun, federate } from "./federate.ts";
import { DemoFederation } from "./federation.ts";
import { TestMeter } from "./measure.ts";
import { type ProtectionChoice, protectedPlan } from "./protected-plan.ts";
import { type DemoParts, demoResult } from "./result.ts";
import { RunFolder } from "./run-folder.ts";
import type { DemoSettings } from "./settings.ts";
import { type Shard, writeShards } from "./shards.ts";

/** What a demo is made with. */
export interface DemoOptions {
  /** Folder of all demos' folders. */
  readonly runsDirectory: string;
  readonly planPath: string;
  readonly protection: ProtectionChoice;
  readonly settings: DemoSettings;
}

/** What a demo needs of the process that it runs in. */
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
  /** The last model of an encrypted run, little-endian float32; undefined where the coordinator has it. */
  readonly modelPath: string | undefined;
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
  const plan = await readPlan(options);
  await using folder = await RunFolder.create(options.runsDirectory, startedAtMs);
  try {
    return await new Demo(options, dependencies, folder).run(plan, startedAtMs, signal);
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

/** A plan for digits. */
interface DigitsPlan {
  readonly plan: Plan;
  /** As it is sent. */
  readonly planText: string;
  /** What pixels are divided by. */
  readonly scale: number;
}

/** The digits as the demo uses them. */
interface PreparedData {
  readonly digits: Digits;
  readonly shards: readonly Shard[];
}

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

  async run(
    { plan, planText, scale }: DigitsPlan,
    startedAtMs: number,
    signal: AbortSignal,
  ): Promise<FinishedDemo> {
    const { terminal, mainPath, now } = this.#dependencies;
    const { settings } = this.#options;
    await using children = new Children(mainPath);
    terminal.tell("starting the coordinator and splitting 60,000 digits among the participants");
    // The coordinator starts on another core while this process splits the digits.
    const [federation, data] = await bothSettled(
      DemoFederation.start(children, this.#folder, signal),
      this.#prepare(plan, signal),
    );
    const watched = AbortSignal.any([signal, federation.failed]);
    using operator = await federation.operator();
    for (const shard of data.shards) federation.startParticipant(shard);
    using meter = await TestMeter.open(plan, data.digits.test, scale, watched);
    await federation.allConnected(operator, watched);
    terminal.tell(`${data.shards.length} participants are connected\n`);
    const { shards } = data;
    const parts = { plan, planText, settings, federation, operator, shards, meter, terminal, now };
    const federated = await federate(parts, watched);
    await federation.stop();
    const modelPath =
      plan.protection.kind === "he" ? await this.#keepModel(federated, signal) : undefined;
    const { dataDirectory } = federation;
    return await this.#conclude(
      { ...federated, ...data, plan, scale, settings, startedAtMs, backend: meter.backend },
      { dataDirectory, modelPath, meter },
      signal,
    );
  }

  /** Copies the last model of a run from a participant, whose folder does not outlive the demo. Returns its path. */
  async #keepModel({ progress, models }: FederatedRun, signal: AbortSignal): Promise<string> {
    const last = progress.completed.at(-1)?.modelHash ?? "";
    const model = await models.model(last, signal);
    return await this.#folder.write("model.f32", modelToBytes(model));
  }

  async #prepare(plan: Plan, signal: AbortSignal): Promise<PreparedData> {
    const digits = await readDigits();
    const { settings } = this.#options;
    const shards = await writeShards(digits.train, plan.seed, settings, this.#folder, signal);
    for (const { name, indices } of shards)
      this.#dependencies.terminal.tell(`  ${name}: ${formatCount(indices.length)} digits`);
    return { digits, shards };
  }

  /** Compares, verifies and reports, when no other process runs any more. */
  async #conclude(
    parts: Omit<DemoParts, "baselines" | "endedAtMs" | keyof VerifiedFiles> &
      PreparedData &
      Pick<DigitsPlan, "scale">,
    kept: Pick<FinishedDemo, "dataDirectory" | "modelPath"> & { readonly meter: TestMeter },
    signal: AbortSignal,
  ): Promise<FinishedDemo> {
    const { terminal, now } = this.#dependencies;
    const { plan, digits, scale, shards, progress } = parts;
    const { meter, ...places } = kept;
    terminal.tell("training with all digits in one place, and each participant alone");
    const trainings = progress.completed.map(({ survivors }) => survivors);
    const comparison = { plan, train: digits.train, scale, shards, trainings };
    const baselines = await trainBaselines(comparison, meter, signal);
    terminal.tell("verifying the chain and the files\n");
    const verified = await verifyFiles(places.dataDirectory, parts, signal);
    const result = demoResult({ ...parts, ...verified, baselines, endedAtMs: now() });
    await this.#folder.write("report.json", `${JSON.stringify(result, undefined, 2)}\n`);
    const reportPath = await this.#folder.write("report.html", await renderDemoReport(result));
    this.#folder.keep();
    return { result, folder: this.#folder.path, reportPath, ...places };
  }
}

/** A run as its files have it, once nobody changes them any more. */
interface VerifiedFiles {
  readonly verification: Verification;
  readonly details: RunDetails;
}

/** Reads everything again from the files that the federation left. Throws {@link CliError} `verification-failed`. */
async function verifyFiles(
  dataDirectory: string,
  { progress }: Pick<FederatedRun, "progress">,
  signal: AbortSignal,
): Promise<VerifiedFiles> {
  await using history = await openOfflineHistory(dataDirectory, noLedgerChoice, signal);
  const { runId } = progress.run;
  const verification = await verifyRun(runId, history, signal);
  requireThatHolds(verification);
  return { verification, details: await history.source.details(runId, signal) };
}

/** Waits for both, also when one fails: nothing goes on behind an error. Throws the first one's error first. */
async function bothSettled<A, B>(first: Promise<A>, second: Promise<B>): Promise<[A, B]> {
  await Promise.allSettled([first, second]);
  return await Promise.all([first, second]);
}

/** Throws {@link CliError} `bad-plan` for what cannot be read or is not about digits, as `protectedPlan` does, and PlanError. */
async function readPlan({ planPath, protection }: DemoOptions): Promise<DigitsPlan> {
  const plan = protectedPlan(parsePlan(await readPlanText(planPath)), protection);
  return { plan, planText: canonicalPlan(plan), scale: pixelScale(plan) };
}

function pixelScale({ data }: Plan): number {
  if (data.format === "idx") return data.scale;
  throw new CliError(
    "bad-plan",
    `the plan's data are ${data.format}`,
    "The demo's digits are idx: use such a plan.",
  );
}
