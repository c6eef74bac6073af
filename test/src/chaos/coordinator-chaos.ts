import { testPlan } from "../support/plan.ts";
import { ChaosFederation, type Interruption } from "./chaos-federation.ts";
import type { KillPoint } from "./kill-points.ts";
import { violationsIn } from "./offline-check.ts";

/** One kill and what came of it. */
export interface Kill extends Interruption {
  readonly point: KillPoint;
  /** Until the coordinator served again. */
  readonly restartMs: number;
}

/** What a run under kills came to. */
export interface ChaosResult {
  /** The coordinator's data directory. */
  readonly directory: string;
  readonly runId: Uint8Array;
  readonly kills: readonly Kill[];
  readonly rounds: number;
  /** How the coordinator ended when it was asked to, at last. */
  readonly ended: string;
  /** Empty when everything holds that must. */
  readonly violations: readonly string[];
}

/**
 * Runs a run whose coordinator is killed at every point in turn, lets it end, and looks at what is left. A point takes at
 * most three rounds, so the run has that many and one. `tell` hears of each kill.
 */
export async function coordinatorChaos(
  folder: string,
  points: readonly KillPoint[],
  tell: (kill: Kill) => void,
): Promise<ChaosResult> {
  const rounds = 3 * points.length + 1;
  const kills: Kill[] = [];
  await using federation = await ChaosFederation.start(folder);
  const { runId } = await federation.operator.startRun(testPlan({ rounds, participants: 4 }));
  for (const point of points) {
    const interruption = await federation.killAt(point, runId);
    const kill = { point, ...interruption, restartMs: await federation.restart() };
    kills.push(kill);
    tell(kill);
  }
  const ended = await federation.finish(runId);
  const { directory } = federation;
  const violations = await violationsIn(directory, runId);
  return { directory, runId, kills, rounds, ended, violations };
}
