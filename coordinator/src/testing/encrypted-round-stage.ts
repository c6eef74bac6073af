import { setImmediate } from "node:timers/promises";
import {
  canonicalPlan,
  type Hash,
  initialModel,
  layoutOf,
  modelHash,
  openCommitmentScheme,
  type Plan,
  planHash,
} from "@chorus/aggregation";
import { type Logger, pino } from "pino";
import { AttemptAccumulator, sumScript } from "../he/attempt-accumulator.ts";
import { createRegistry, RoundMetrics } from "../metrics.ts";
import { ActiveRound } from "../round/active-round.ts";
import type { RoundFacts } from "../round/facts.ts";
import type { Instruction } from "../round/instruction.ts";
import type { EndedRound } from "../round/round.ts";
import { Ciphers } from "./ciphers.ts";
import { EncryptedPuppet } from "./encrypted-puppet.ts";
import { FakeClock } from "./fake-clock.ts";
import { unitPlan } from "./unit-plan.ts";

/** What a puppet does with an instruction: "answer", nothing ("ignore"), or leave with another text as the reason. */
export type Act = (puppet: EncryptedPuppet, instruction: Instruction) => string;

interface StageOptions {
  readonly size: number;
  readonly policy?: Partial<Plan["roundPolicy"]>;
  readonly strategy?: Plan["strategy"];
  /** Places of those that lack the model, which makes it the second round. */
  readonly lacking?: readonly number[];
  /** What the sum's thread runs. */
  readonly script?: URL;
}

/** For tests: one attempt at an encrypted round among puppets, with a thread for its sum; time stands still. */
export class EncryptedRoundStage implements AsyncDisposable {
  readonly clock: FakeClock = new FakeClock();
  readonly puppets: readonly EncryptedPuppet[];
  readonly active: ActiveRound;
  readonly parent: Float32Array;
  readonly stop: AbortController = new AbortController();
  readonly ended: Promise<EndedRound>;
  /** What was refused, as "place code". */
  readonly refusals: string[] = [];
  /** What the puppets were told. */
  readonly sent: { place: number; instruction: Instruction }[] = [];
  readonly log: string[] = [];
  act: Act = () => "answer";
  readonly #queue: { puppet: EncryptedPuppet; instruction: Instruction }[] = [];
  readonly #accumulator: AttemptAccumulator;
  readonly #ciphers = new Ciphers();

  constructor(
    seed: string,
    { size, policy, strategy, lacking = [], script = sumScript }: StageOptions,
  ) {
    const plan = unitPlan({
      select: size,
      rounds: 2,
      protection: { kind: "he", valueBits: 15, clippingNorm: 1, maxExamples: 1 },
      ...(strategy && { strategy }),
      ...policy,
    });
    const facts = factsOf(plan, lacking.length > 0 ? 2 : 1);
    this.parent = initialModel(layoutOf(plan.model), plan.seed);
    this.puppets = Array.from(
      { length: size },
      (_, place) => new EncryptedPuppet(place, seed, this.#ciphers),
    );
    for (const puppet of this.puppets)
      if (!lacking.includes(puppet.place))
        puppet.models.set(facts.parentModelHash, { model: this.parent, state: undefined });
    const metrics = new RoundMetrics(createRegistry());
    const log: Logger = pino({}, { write: (line) => void this.log.push(JSON.parse(line).msg) });
    this.#accumulator = new AttemptAccumulator(script, { metrics, log });
    const members = this.puppets.map(({ member }) => member);
    this.active = new ActiveRound(facts, members, {
      clock: this.clock,
      send: (id, instruction) => this.#send(id, instruction),
      progressed: () => undefined,
      phaseEnded: () => undefined,
      unmask: () => Promise.reject(new Error("an encrypted round has no such job")),
      loadParent: () => Promise.reject(new Error("the coordinator has no model")),
      sumVerifier: openCommitmentScheme(),
      accumulator: this.#accumulator,
    });
    this.ended = this.active.run(AbortSignal.any([this.stop.signal, this.#accumulator.lost]));
  }

  get parentHash(): Hash {
    return this.active.facts.parentModelHash;
  }

  puppet(place: number): EncryptedPuppet {
    const puppet = this.puppets[place];
    if (puppet === undefined) throw new Error(`there is no puppet ${place}`);
    return puppet;
  }

  /** Lets puppets act until the round has ended. */
  async play(): Promise<EndedRound> {
    await this.until(() => ["committing", "abandoned"].includes(this.active.round.phase));
    return await this.ended;
  }

  /** Lets puppets act until `holds`. */
  async until(holds: () => boolean): Promise<void> {
    while (!holds()) {
      await setImmediate();
      const next = this.#queue.shift();
      if (next !== undefined) await this.#perform(next.puppet, next.instruction);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.stop.abort("enough");
    await this.ended;
    await this.#accumulator[Symbol.asyncDispose]();
    this.#ciphers[Symbol.dispose]();
  }

  #send(id: string, instruction: Instruction): void {
    const puppet = this.puppets.find((one) => one.id === id);
    if (puppet === undefined) throw new Error("a stranger was asked");
    this.sent.push({ place: puppet.place, instruction });
    this.#queue.push({ puppet, instruction });
  }

  async #perform(puppet: EncryptedPuppet, instruction: Instruction): Promise<void> {
    const what = this.act(puppet, instruction);
    if (what === "ignore") return;
    if (what !== "answer") {
      this.active.leave(puppet.id, what);
      return;
    }
    try {
      await puppet.reply(this.active, instruction);
    } catch (error) {
      if (!(error instanceof Error && "code" in error)) throw error;
      this.refusals.push(`${puppet.place} ${error.code}`);
    }
  }
}

function factsOf(plan: Plan, round: number): RoundFacts {
  const layout = layoutOf(plan.model);
  return {
    federationId: "f".repeat(64),
    runId: "a".repeat(64),
    round,
    attempt: 1,
    roundId: "b".repeat(64),
    plan,
    planJson: canonicalPlan(plan),
    planHash: planHash(plan),
    parentModelHash: modelHash(layout, initialModel(layout, plan.seed)),
    parentStateHash: "",
    dimension: layout.parameters,
  };
}
