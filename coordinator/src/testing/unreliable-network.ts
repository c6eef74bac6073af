import type { ParticipantId } from "@chorus/aggregation";
import type { Instruction } from "../round/instruction.ts";
import { Puppet } from "./puppet.ts";
import type { PuppetMessage } from "./puppet-message.ts";

/** A message that is on its way, or was once. */
export interface Flying {
  readonly from: Puppet;
  readonly message: PuppetMessage;
}

/** What is on its way between a round and its puppets, in either direction; the test decides what becomes of it. */
export class UnreliableNetwork {
  /** Messages of puppets that have not arrived. */
  readonly flying: Flying[] = [];
  /** Messages of puppets, however old. */
  readonly everSaid: Flying[] = [];
  readonly #seed: string;
  readonly #inboxes = new Map<ParticipantId, Instruction[]>();
  /** What a puppet answered to each kind of instruction: it says the same again. */
  readonly #answers = new Map<string, PuppetMessage>();
  #askForKeys: Instruction | undefined;

  /** `seed`: the puppets'. */
  constructor(seed: string) {
    this.#seed = seed;
  }

  /** Instructions are on their way to a puppet. */
  post(id: ParticipantId, instructions: readonly Instruction[]): void {
    this.#inboxes.set(id, [...(this.#inboxes.get(id) ?? []), ...instructions]);
  }

  /** Whatever is on its way to a puppet is lost. */
  forget(id: ParticipantId): void {
    this.#inboxes.delete(id);
  }

  /** A puppet hears one of the instructions for it, and answers. Returns whether there was one; throws what it refuses it with. */
  hear(puppet: Puppet, pick = 0): boolean {
    const instruction = takenFrom(this.#inboxes.get(puppet.id) ?? [], pick);
    if (instruction === undefined) return false;
    const key = `${puppet.id} ${instruction.kind}`;
    const message = this.#answers.get(key) ?? puppet.prepare(instruction);
    if (message === undefined) return true;
    if (instruction.kind === "advertise-keys") this.#askForKeys = instruction;
    this.#answers.set(key, message);
    this.flying.push({ from: puppet, message });
    this.everSaid.push({ from: puppet, message });
    return true;
  }

  /** Something that was said: mostly what has not arrived yet, where there is such a thing. */
  said(pick: number): Flying | undefined {
    return pickOf(pick % 4 > 0 && this.flying.length > 0 ? this.flying : this.everSaid, pick);
  }

  /** Keys that a puppet signs beside those that it has signed in this message. */
  otherKeys({ from, message }: Flying): PuppetMessage | undefined {
    if (message.phase !== "advertising-keys" || this.#askForKeys === undefined) return undefined;
    const twin = new Puppet(from.place, this.#seed);
    // The first ones are those that were signed.
    twin.prepare(this.#askForKeys);
    return twin.prepare(this.#askForKeys);
  }
}

/** One of some items, if there are any. */
export function pickOf<T>(items: readonly T[], pick: number): T | undefined {
  return items[pick % Math.max(1, items.length)];
}

/** Takes one of some items out, if there are any. */
export function takenFrom<T>(items: T[], pick: number): T | undefined {
  return items.splice(pick % Math.max(1, items.length), 1)[0];
}
