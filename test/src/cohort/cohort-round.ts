import { neighbourhoodFor } from "@chorus/aggregation";
import { Child } from "../support/child.ts";
import type { CoordinatorAddress } from "../support/coordinator.ts";
import { TestOperator } from "../support/operator.ts";
import { testPlan } from "../support/plan.ts";
import { survivorsOf } from "../support/unit-rounds.ts";
import type { CoordinatorProcessOptions } from "./coordinator-process.ts";
import type { ParticipantsProcessOptions } from "./participants-process.ts";
import type { Usage } from "./usage.ts";

/** A round of many participants over gRPC. */
export interface Cohort {
  readonly participants: number;
  /** How many leave instead of uploading, spread over all places. */
  readonly lost: number;
  /** How many processes the participants are in; the coordinator has one of its own. */
  readonly processes: number;
}

/** What the round took. */
export interface CohortCosts {
  readonly degree: number;
  readonly threshold: number;
  readonly seconds: number;
  readonly phases: readonly { readonly phase: string; readonly seconds: number }[];
  /** Wire bytes of a participant, mean over the cohort, the model included. */
  readonly sentBytes: number;
  readonly receivedBytes: number;
  readonly coordinator: Usage;
  readonly participants: readonly Usage[];
}

/** Nobody is given up for being slow: all of them share a machine. */
const deadlineMs = 3_000_000;

/**
 * Runs one round with a model of one parameter for each participant, which moves its own: real coordinator, store, chain and
 * wire. Throws when the model is anything but the exact mean of those who were not lost. `folder`: for the coordinator.
 */
export async function cohortRound(folder: string, cohort: Cohort): Promise<CohortCosts> {
  const { participants, lost } = cohort;
  await using opened = new AsyncDisposableStack();
  const options: CoordinatorProcessOptions = { directory: folder };
  const script = new URL("coordinator-process.ts", import.meta.url);
  const coordinator = opened.use(new Child(script, options));
  const address = (await coordinator.entry("serving")) as unknown as CoordinatorAddress;
  const isLost = (place: number): boolean =>
    Math.floor(((place + 1) * lost) / participants) > Math.floor((place * lost) / participants);
  const groups = startGroups(address, cohort, isLost);
  for (const group of groups) opened.use(group);
  await Promise.all(groups.map((group) => group.entry("enrolled")));
  using operator = await TestOperator.connect(address);
  const { runId } = await operator.startRun(
    testPlan({
      rounds: 1,
      participants,
      quorum: participants - lost,
      softDeadlineMs: deadlineMs,
      hardDeadlineMs: deadlineMs,
      weights: participants,
    }),
  );
  const { rounds } = await Promise.race([
    operator.ended(runId),
    firstGone([coordinator, ...groups]),
  ]);
  requireSurvivors(survivorsOf(await operator.models(runId)), participants, isLost);
  await coordinator.entry("round committed to the chain");
  const [round] = rounds;
  if (round === undefined) throw new Error("the run ended without a round");
  return {
    ...neighbourhoodFor(participants),
    seconds: (round.endedAtMs - round.startedAtMs) / 1000,
    phases: round.phases,
    sentBytes: round.receivedBytes / participants,
    receivedBytes: round.sentBytes / participants,
    participants: await Promise.all(groups.map(usageOf)),
    coordinator: await usageOf(coordinator),
  };
}

function startGroups(
  { grpcPort, invitationFile, operatorTokenFile }: CoordinatorAddress,
  { participants, processes }: Cohort,
  isLost: (place: number) => boolean,
): readonly Child[] {
  const all = Array.from({ length: participants }, (_, place) => place);
  return Array.from({ length: processes }, (_, group) => {
    const places = all.filter((place) => place % processes === group);
    const lost = places.filter(isLost);
    const address = { grpcPort, invitationFile, operatorTokenFile };
    const options: ParticipantsProcessOptions = { ...address, places, lost };
    return new Child(new URL("participants-process.ts", import.meta.url), options);
  });
}

function requireSurvivors(
  survivors: readonly (readonly number[])[],
  participants: number,
  isLost: (place: number) => boolean,
): void {
  const wanted = Array.from({ length: participants }, (_, place) => place).filter(
    (p) => !isLost(p),
  );
  if (survivors.length === 1 && survivors[0]?.join() === wanted.join()) return;
  throw new Error(
    `survivors are ${survivors.map((round) => round.length)}, wanted ${wanted.length}`,
  );
}

/** Rejects when one of them ends. */
async function firstGone(children: readonly Child[]): Promise<never> {
  const how = await Promise.race(children.map(({ ended }) => ended));
  const last = children.flatMap(({ log }) => log.entries.slice(-1).map(({ msg }) => msg));
  throw new Error(`a process ended in mid-round with ${how}; last words: ${last.join("; ")}`);
}

async function usageOf(child: Child): Promise<Usage> {
  await child.stop();
  const used = child.log.find("used");
  if (used === undefined) throw new Error("a process ended without telling what it used");
  return used as unknown as Usage;
}
