import { serialize } from "node:v8";
import { type ParticipantId, type RevealedShares, sha256Hex } from "@chorus/aggregation";
import { expect } from "vitest";
import type { Instruction } from "../round/instruction.ts";
import type { RoundModel } from "./round-model.ts";

/** In the order of the phases that ask them. */
const KINDS: readonly Instruction["kind"][] = [
  "invitation",
  "train",
  "advertise-keys",
  "share-keys",
  "upload",
  "confirm-survivors",
  "reveal",
];

const PHASES: readonly string[] = [
  "selecting",
  "training",
  "advertising-keys",
  "sharing-keys",
  "collecting",
  "confirming-survivors",
  "unmasking",
];

/** Watches what a round asks of its participants, and what they reveal. */
export class InstructionWatch {
  readonly #model: RoundModel;
  /** By kind, what everybody is shown alike. */
  readonly #shown = new Map<string, string>();
  readonly #last = new Map<ParticipantId, number>();
  readonly #selfMasksOf = new Set<ParticipantId>();
  readonly #maskKeysOf = new Set<ParticipantId>();
  #reveals = 0;

  constructor(model: RoundModel) {
    this.#model = model;
  }

  /** An instruction went out: to nobody who has left, each later than the one before, none of a phase that has not come. */
  sent(id: ParticipantId, instruction: Instruction): void {
    expect(this.#model.left).not.toContain(id);
    const step = KINDS.indexOf(instruction.kind);
    expect(step).toBeGreaterThan(this.#last.get(id) ?? -1);
    expect(step).toBeLessThanOrEqual(PHASES.indexOf(this.#model.reached));
    this.#last.set(id, step);
    const shown = sha256Hex(serialize(publicPart(instruction)));
    expect(shown).toBe(this.#shown.get(instruction.kind) ?? shown);
    this.#shown.set(instruction.kind, shown);
    if (instruction.kind !== "reveal") return;
    this.#reveals += 1;
    expect(this.#model.survivors).toContain(id);
    expect(instruction.acks.length).toBeGreaterThanOrEqual(this.#model.threshold);
  }

  /** A participant's shares went out. */
  revealed({ selfMaskShares, maskKeyShares }: RevealedShares): void {
    for (const { owner } of selfMaskShares) this.#selfMasksOf.add(owner);
    for (const { owner } of maskKeyShares) this.#maskKeysOf.add(owner);
  }

  /** The round has ended. Self masks are of survivors, mask keys of the other sharers; nobody revealed before the end of confirmation. */
  over(): void {
    const { survivors, sharers, reached } = this.#model;
    for (const owner of this.#selfMasksOf) expect(survivors).toContain(owner);
    for (const owner of this.#maskKeysOf) {
      expect(sharers).toContain(owner);
      expect(survivors).not.toContain(owner);
    }
    if (reached !== "unmasking") expect(this.#reveals).toBe(0);
  }
}

/** What must be the same for everybody that gets this instruction. */
function publicPart(instruction: Instruction): unknown {
  return instruction.kind === "upload" ? instruction.sharers : instruction;
}
