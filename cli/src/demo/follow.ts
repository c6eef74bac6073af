import type { Operator } from "../operator/operator.ts";
import type { CompletedRound, RunEvent, RunSummary } from "../operator/run.ts";
import type { LiveRegion } from "../terminal/terminal.ts";
import type { DemoFederation } from "./federation.ts";
import type { InterruptionDirector } from "./interruption.ts";
import { formatProgress, formatRoundLine } from "./live-table.ts";
import type { TestMeter } from "./measure.ts";
import type { Models } from "./models.ts";
import { RunProgress } from "./progress.ts";
import type { Shard } from "./shards.ts";

const redrawMs = 200;

/** What following a run needs. */
export interface FollowDependencies {
  readonly operator: Operator;
  readonly federation: DemoFederation;
  readonly director: InterruptionDirector;
  readonly victim: Shard;
  readonly region: LiveRegion;
  readonly now: () => number;
  readonly models: Models;
  readonly meter: TestMeter;
}

/**
 * Follows a run until all of its rounds are on the chain: shows its table, kills the victim and starts it again when the
 * director says so, and measures every model that is completed. Returns what came of the run. Throws what the operator's
 * calls throw, and the signal's reason.
 */
export async function followRun(
  run: RunSummary,
  dependencies: FollowDependencies,
  signal: AbortSignal,
): Promise<RunProgress> {
  const { operator, federation, region, now } = dependencies;
  const progress = new RunProgress(run);
  const draw = (): void => region.update(formatProgress(progress, now()));
  const story = new Story(progress, dependencies, signal);
  const redrawing = setInterval(draw, redrawMs);
  try {
    for await (const event of operator.watchRun(run.runId, signal)) {
      progress.apply(event, now());
      const happened = await direct(event, dependencies);
      if (event.kind === "completed") story.measure(event.round);
      if (happened !== undefined) story.tell(happened);
    }
    // The run has ended; its last rounds may reach the chain later.
    for (const round of await federation.allCommitted(operator, run.runId, signal))
      progress.apply({ kind: "completed", round }, now());
    await story.told();
  } finally {
    clearInterval(redrawing);
  }
  draw();
  return progress;
}

/**
 * Tells what happens in the order in which it happened. Models are measured one after the other, beside the run: the next
 * event must not wait, or the victim would die too late.
 */
class Story {
  readonly #progress: RunProgress;
  readonly #dependencies: FollowDependencies;
  readonly #signal: AbortSignal;
  #queue: Promise<void> = Promise.resolve();

  constructor(progress: RunProgress, dependencies: FollowDependencies, signal: AbortSignal) {
    this.#progress = progress;
    this.#dependencies = dependencies;
    this.#signal = signal;
  }

  /** Measures a completed round's model, which is fetched at once as it may soon be replaced, and tells of the round. */
  measure({ round, modelHash }: CompletedRound): void {
    const fetched = this.#dependencies.models.model(modelHash, this.#signal);
    // Told when its turn comes.
    fetched.catch(() => undefined);
    this.#add(async () => this.#measure(round, await fetched));
  }

  /** Shows a line: at once above the table, and where there is none after the rounds that were completed before. */
  tell(line: string): void {
    const { region } = this.#dependencies;
    region.note(line);
    this.#add(async () => region.plain(line));
  }

  /** Resolves when all is told; throws the first failure. */
  async told(): Promise<void> {
    await this.#queue;
  }

  #add(part: () => Promise<void>): void {
    this.#queue = this.#queue.then(part);
    // Told by told(); without this a failure before it would count as nobody's.
    this.#queue.catch(() => undefined);
  }

  async #measure(round: number, model: Float32Array): Promise<void> {
    const { meter, region, now } = this.#dependencies;
    this.#progress.measured(round, await meter.accuracy(model, this.#signal), now());
    const line = this.#progress.lines.find((candidate) => candidate.round === round);
    if (line !== undefined) region.plain(formatRoundLine(line));
  }
}

/** Kills the victim or starts it again when it is time; returns what to tell of it. */
async function direct(
  event: RunEvent,
  { director, federation, victim }: FollowDependencies,
): Promise<string | undefined> {
  const step = director.next(event);
  if (step === undefined) return undefined;
  if (step.action === "kill") {
    await federation.killParticipant(victim.name);
    return `round ${step.round}: ${victim.name} is killed in the middle of it; the round goes on with the others`;
  }
  federation.startParticipant(victim);
  return `round ${step.round}: completed without ${victim.name}, who is started again`;
}
