import { setImmediate } from "node:timers/promises";
import {
  canonicalPlan,
  initialModel,
  layoutOf,
  modelHash,
  openCommitmentScheme,
  type Plan,
  planHash,
  runUnmasking,
} from "@chorus/aggregation";
import { pino } from "pino";
import { expect } from "vitest";
import { AttemptAccumulator, sumScript } from "../he/attempt-accumulator.ts";
import { createRegistry, RoundMetrics } from "../metrics.ts";
import { ActiveRound } from "../round/active-round.ts";
import type { RoundEffects } from "../round/effects.ts";
import { Committing } from "../round/ended.ts";
import type { RoundFacts } from "../round/facts.ts";
import type { Instruction } from "../round/instruction.ts";
import { type EndedRound, isGathering } from "../round/round.ts";
import { FakeClock } from "./fake-clock.ts";
import { Puppet } from "./puppet.ts";
import { unitPlan } from "./unit-plan.ts";

/** For tests: a round among puppets on a fake clock; instructions wait in each puppet's tray until an operation takes them. */
export class RoundStage {
  readonly clock: FakeClock = new FakeClock();
  readonly puppets: readonly Puppet[];
  readonly trays: Map<string, Instruction[]> = new Map();
  readonly active: ActiveRound;
  readonly parent: Float32Array;
  readonly stop: AbortController = new AbortController();
  readonly ended: Promise<EndedRound>;
  readonly repeats: Map<string, () => void> = new Map();
  readonly #unmask: RoundEffects["unmask"];

  constructor(
    seed: string,
    size: number,
    policy: Partial<Plan["roundPolicy"]> = {},
    unmask: RoundEffects["unmask"] = async (job) => runUnmasking(job),
  ) {
    this.#unmask = unmask;
    const plan = unitPlan({ select: size, ...policy });
    const layout = layoutOf(plan.model);
    this.parent = initialModel(layout, plan.seed);
    this.puppets = Array.from({ length: size }, (_, place) => new Puppet(place, seed));
    for (const { id } of this.puppets) this.trays.set(id, []);
    const facts: RoundFacts = {
      federationId: "f".repeat(64),
      runId: "a".repeat(64),
      round: 1,
      attempt: 1,
      roundId: "b".repeat(64),
      plan,
      planJson: canonicalPlan(plan),
      planHash: planHash(plan),
      parentModelHash: modelHash(layout, this.parent),
      parentStateHash: "",
      dimension: layout.parameters,
    };
    const members = this.puppets.map(({ member }) => member);
    this.active = new ActiveRound(facts, members, {
      clock: this.clock,
      send: (id, instruction) => this.trays.get(id)?.push(instruction),
      progressed: () => undefined,
      phaseEnded: () => undefined,
      unmask: this.#unmask,
      loadParent: async () => ({ model: this.parent, state: undefined }),
      sumVerifier: openCommitmentScheme(),
      accumulator: idleAccumulator(),
    });
    this.ended = this.active.run(this.stop.signal);
  }

  /** Lets a puppet take its next instruction and answer it. */
  answer(puppet: Puppet): void {
    const instruction = this.trays.get(puppet.id)?.shift();
    if (instruction === undefined) return;
    this.repeats.set(puppet.id, puppet.answer(this.active, instruction));
  }

  /** Lets everybody answer until the round waits for nobody any more. */
  async answerAll(): Promise<void> {
    while (isGathering(this.active.round)) {
      await setImmediate();
      for (const puppet of this.puppets) this.answer(puppet);
    }
  }

  /** Runs everything that is ready, then lets time pass in whole deadlines until the round has ended. */
  async finish(): Promise<EndedRound> {
    let isOver = false;
    const ended = this.ended.finally(() => {
      isOver = true;
    });
    while (!isOver) {
      await setImmediate();
      this.clock.advance(5_000);
    }
    return ended;
  }
}

/** One that a round without encryption never uses. */
function idleAccumulator(): AttemptAccumulator {
  const metrics = new RoundMetrics(createRegistry());
  return new AttemptAccumulator(sumScript, { metrics, log: pino({ enabled: false }) });
}

/** Whoever survived shows as 1 / survivors at its place of the model's move, everybody else as nothing. */
export function expectExactMean(stage: RoundStage, ended: EndedRound): void {
  if (!(ended instanceof Committing)) throw new Error("the coordinator has no model");
  const places = new Set(
    stage.puppets.filter(({ id }) => ended.survivors.has(id)).map(({ place }) => place),
  );
  const wanted = stage.parent.map((value, place) =>
    Math.fround(value + (places.has(place) ? 1 / places.size : 0)),
  );
  expect(ended.model).toEqual(wanted);
  expect(ended.counts.trainingExamples).toBe(places.size);
}
