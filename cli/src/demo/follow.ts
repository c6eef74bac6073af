import type { Operator } from "../operator/operator.ts";
import type { CompletedRound, RunEvent, RunSummary } from "../operator/run.ts";
import type { LiveRegion } from "../terminal/terminal.ts";
import type { DemoFederation } from "./federation.ts";
import type { InterruptionDirector } from "./interruption.ts";
import { formatProgress, formatRoundLine } from "./live-table.ts";
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
  /** The test accuracy of a committed model. */
  accuracyOf(modelHash: string, signal: AbortSignal): Promise<number>;
}

/**
 * Follows a run to its end: shows its table, kills the victim and starts it again when the director says so, and measures
 * every model that is completed. Returns what came of the run. Throws what the operator's calls throw, and the signal's
 * reason.
 */
export async function followRun(
  run: RunSummary,
  dependencies: FollowDependencies,
  signal: AbortSignal,
): Promise<RunProgress> {
  const { operator, region, now } = dependencies;
  const progress = new RunProgress(run);
  const draw = (): void => region.update(formatProgress(progress, now()));
  const measurements = new Measurements(progress, dependencies, signal);
  const redrawing = setInterval(draw, redrawMs);
  try {
    for await (const event of operator.watchRun(run.runId, signal)) {
      progress.apply(event, now());
      await direct(event, dependencies);
      if (event.kind === "completed") measurements.add(event.round);
    }
    await measurements.done();
  } finally {
    clearInterval(redrawing);
  }
  draw();
  return progress;
}

/** Measures models one after the other, beside the run: the next event must not wait, or the victim would die too late. */
class Measurements {
  readonly #progress: RunProgress;
  readonly #dependencies: FollowDependencies;
  readonly #signal: AbortSignal;
  #queue: Promise<void> = Promise.resolve();

  constructor(progress: RunProgress, dependencies: FollowDependencies, signal: AbortSignal) {
    this.#progress = progress;
    this.#dependencies = dependencies;
    this.#signal = signal;
  }

  add(round: CompletedRound): void {
    this.#queue = this.#queue.then(() => this.#measure(round));
    // Told by done(); without this a failure before it would count as nobody's.
    this.#queue.catch(() => undefined);
  }

  /** Resolves when all are measured; throws the first failure. */
  async done(): Promise<void> {
    await this.#queue;
  }

  async #measure({ round, modelHash }: CompletedRound): Promise<void> {
    const { accuracyOf, region, now } = this.#dependencies;
    this.#progress.measured(round, await accuracyOf(modelHash, this.#signal), now());
    const line = this.#progress.lines.find((candidate) => candidate.round === round);
    if (line !== undefined) region.plain(formatRoundLine(line));
  }
}

async function direct(
  event: RunEvent,
  { director, federation, victim, region }: FollowDependencies,
): Promise<void> {
  switch (director.next(event)) {
    case "kill":
      await federation.killParticipant(victim.name);
      return region.note(`${victim.name} is killed in mid-round`);
    case "restart":
      federation.startParticipant(victim);
      return region.note(`${victim.name} is started again`);
    case "nothing":
      return;
  }
}
