import { setImmediate } from "node:timers/promises";
import { MaskingError, type ParticipantId, type Plan, runUnmasking } from "@chorus/aggregation";
import { expect } from "vitest";
import { RoundError } from "../round/error.ts";
import { type EndedRound, isGathering } from "../round/round.ts";
import { flawed, plausible } from "./forgery.ts";
import { InstructionWatch } from "./instruction-watch.ts";
import type { Puppet } from "./puppet.ts";
import { deliver, digestOf, signatureOf } from "./puppet-message.ts";
import { RoundModel } from "./round-model.ts";
import { expectExactMean, RoundStage } from "./round-stage.ts";
import { type Flying, pickOf, takenFrom, UnreliableNetwork } from "./unreliable-network.ts";

/** Time that passes at once, by choice. */
const STEPS_MS = [1, 400, 1_000, 2_600];

/**
 * A round whose participants are behind a network that loses, delays, repeats and reorders, and some of whom contradict
 * themselves; beside it the model of what the round must do. After every step the two are compared.
 */
export class UnreliableRound {
  readonly model: RoundModel;
  /** Codes that the round refused messages with. */
  readonly refusals: string[] = [];
  readonly #stage: RoundStage;
  readonly #watch: InstructionWatch;
  readonly #gate: PromiseWithResolvers<void> = Promise.withResolvers();
  readonly #network: UnreliableNetwork;
  /** Of announced uploads, whether the rest is wanted. */
  readonly #uploads = new Map<ParticipantId, AbortSignal>();

  constructor(seed: string, size: number, policy: Partial<Plan["roundPolicy"]>) {
    this.#network = new UnreliableNetwork(seed);
    this.#stage = new RoundStage(seed, size, policy, async (job) => {
      await this.#gate.promise;
      runUnmasking(job);
    });
    const { facts } = this.#stage.active;
    const ids = this.#stage.puppets.map(({ id }) => id);
    this.model = new RoundModel(ids, facts.plan.roundPolicy);
    this.#watch = new InstructionWatch(this.model);
  }

  /** Whoever is `reached`, by place, hears everything, and what it says arrives at once; `first` begins. */
  async wave(first: number, reached: readonly boolean[]): Promise<void> {
    const { puppets } = this.#stage;
    for (const { place: turn } of puppets) {
      const puppet = this.#puppet(first + turn);
      if (!reached[puppet.place]) continue;
      const before = this.#network.flying.length;
      while (this.#hear(puppet));
      for (const said of this.#network.flying.splice(before)) {
        this.#arrive(said);
        await this.check();
      }
    }
  }

  /** A participant hears one of the instructions that reached it; what it says is on its way. */
  hear(who: number, pick: number): void {
    this.#hear(this.#puppet(who), pick);
  }

  /** Whoever is `reached`, by place, hears everything; what it says is on its way. */
  hearAll(reached: readonly boolean[]): void {
    for (const puppet of this.#stage.puppets) if (reached[puppet.place]) while (this.#hear(puppet));
  }

  /** Nothing that was sent to a participant reaches it. */
  forget(who: number): void {
    this.#network.forget(this.#puppet(who).id);
  }

  /** A participant comes back and is told what it is still asked. */
  ask(who: number): void {
    const { id } = this.#puppet(who);
    const instruction = this.#stage.active.instructionFor(id);
    if (instruction !== undefined) this.#network.post(id, [instruction]);
  }

  arrive(pick: number): void {
    const said = takenFrom(this.#network.flying, pick);
    if (said !== undefined) this.#arrive(said);
  }

  /** All that is on its way arrives, every `pick`th first. */
  async arriveAll(pick: number): Promise<void> {
    while (this.#network.flying.length > 0) {
      this.arrive(pick);
      await this.check();
    }
  }

  duplicate(pick: number): void {
    const said = pickOf(this.#network.flying, pick);
    if (said !== undefined) this.#arrive(said);
  }

  lose(pick: number): void {
    takenFrom(this.#network.flying, pick);
  }

  /** Something that was said comes once more, however old. */
  replay(pick: number): void {
    const said = pickOf(this.#network.everSaid, pick);
    if (said !== undefined) this.#arrive(said);
  }

  /** The header of an upload that is on its way comes; the rest does not yet. */
  announce(pick: number): Puppet | undefined {
    const uploads = this.#network.flying.filter(({ message }) => message.phase === "collecting");
    const upload = pickOf(uploads, pick);
    if (upload === undefined) return undefined;
    const { from, message } = upload;
    const digest = digestOf(message);
    const { active } = this.#stage;
    const wanted = this.model.expect(from.id, "collecting", digest);
    const got = this.#refusalOf(() => {
      if (active.wasDelivered(from.id, "collecting", digest, signatureOf(message))) return;
      active.expecting(from.id, "collecting", digest, signatureOf(message));
      this.#uploads.set(from.id, active.wanted(from.id));
    });
    expect(got).toBe(wanted);
    return from;
  }

  /** Somebody leaves in the middle of its upload. */
  breakOff(pick: number): void {
    const from = this.announce(pick);
    if (from !== undefined) this.#leave(from, "any-reason");
  }

  /** Something that was said comes with an error in it. */
  forge(pick: number): void {
    const said = this.#network.said(pick);
    if (said === undefined) return;
    const { message, refusal } = flawed(said.message);
    this.#arrive({ from: said.from, message }, refusal);
  }

  /** Something that was said comes as another message that could be as good. */
  contradict(pick: number): void {
    const said = this.#network.said(pick);
    if (said === undefined) return;
    const message = plausible(said.message) ?? this.#network.otherKeys(said);
    if (message === undefined) return;
    this.#arrive({ from: said.from, message }, undefined, message.phase === "unmasking");
  }

  leave(who: number): void {
    this.#leave(this.#puppet(who), "any-reason");
  }

  elapse(pick: number): void {
    this.#elapse(pickOf(STEPS_MS, pick) ?? 0);
  }

  /** The masks are taken off, if the round is as far as that. */
  unmask(): void {
    if (this.model.phase === "aggregating") this.#gate.resolve();
    this.model.unmasked();
  }

  /** Lets the round do what it can, then compares it with the model in everything that can be seen from outside. */
  async check(): Promise<void> {
    await setImmediate();
    this.model.settle();
    const { model } = this;
    const { active, trays } = this.#stage;
    const { round } = active;
    expect(round.phase).toBe(model.phase);
    expect(new Set(isGathering(round) ? round.delivered : [])).toEqual(
      model.isGathering ? model.delivered : new Set(),
    );
    expect(new Set(isGathering(round) ? round.awaited : [])).toEqual(new Set(model.awaited));
    expect(active.remaining).toEqual(model.isGathering ? model.remaining : undefined);
    expect(active.departures).toHaveLength(model.left.size);
    const evidence = [...model.evidence.values()];
    expect(active.evidence).toMatchObject(evidence);
    expect(active.evidence).toHaveLength(evidence.length);
    for (const [id, signal] of this.#uploads)
      expect(signal.aborted).toBe(model.phase !== "collecting" || model.left.has(id));
    for (const [id, tray] of trays) {
      for (const instruction of tray) this.#watch.sent(id, instruction);
      this.#network.post(id, tray.splice(0));
      expect(active.instructionFor(id) !== undefined).toBe(model.awaited.includes(id));
    }
  }

  /** Nobody says anything any more: time alone must end the round, as the model has it. */
  async finish(): Promise<EndedRound> {
    for (let phases = 0; phases <= 7; phases++) {
      this.unmask();
      await this.check();
      this.#elapse(this.model.remaining.hardMs);
      await this.check();
    }
    expect(["committing", "abandoned"]).toContain(this.model.phase);
    const ended = await this.#stage.ended;
    if (ended.phase === "committing") {
      expect(ended.survivors).toEqual(this.model.survivors);
      expectExactMean(this.#stage, ended);
    }
    for (const { message } of this.#network.everSaid)
      if (message.phase === "unmasking") this.#watch.revealed(message.shares);
    this.#watch.over();
    return ended;
  }

  #arrive({ from, message }: Flying, flaw?: string, isSpoilt = false): void {
    const { phase } = message;
    const envelope = { from: from.id, phase, digest: digestOf(message), isSpoilt };
    const wanted = this.model.receive(flaw === undefined ? envelope : { ...envelope, flaw });
    const got = this.#refusalOf(() => deliver(this.#stage.active, from.id, message));
    expect([phase, got]).toEqual([phase, wanted]);
  }

  /** The code that something is refused with; undefined when it is not. */
  #refusalOf(act: () => void): string | undefined {
    try {
      act();
      return undefined;
    } catch (error) {
      if (!(error instanceof RoundError || error instanceof MaskingError)) throw error;
      this.refusals.push(error.code);
      return error.code;
    }
  }

  #hear(puppet: Puppet, pick = 0): boolean {
    try {
      return this.#network.hear(puppet, pick);
    } catch (error) {
      if (!(error instanceof MaskingError)) throw error;
      this.#leave(puppet, error.code);
      return true;
    }
  }

  #leave(puppet: Puppet, reason: string): void {
    this.#stage.active.leave(puppet.id, reason);
    this.model.leave(puppet.id);
  }

  #elapse(ms: number): void {
    this.#stage.clock.advance(ms);
    this.model.elapse(ms);
  }

  #puppet(who: number): Puppet {
    const puppet = pickOf(this.#stage.puppets, who);
    if (puppet === undefined) throw new Error("a round without puppets");
    return puppet;
  }
}
