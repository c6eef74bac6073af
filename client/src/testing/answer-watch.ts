import { serialize } from "node:v8";
import { type RevealedShares, sha256Hex } from "@chorus/aggregation";
import { expect } from "vitest";
import { entryOf } from "../journal/answer-entry.ts";
import type { Arrival } from "./crashing-participant.ts";

/** Watches what a participant says over all its processes: nothing twice in two ways, nothing before it is written down. */
export class AnswerWatch {
  /** Digests by round and kind; outside the masked exchange by life too. */
  readonly #said = new Map<string, string>();
  readonly #selfMasksOf = new Set<string>();
  readonly #maskKeysOf = new Set<string>();

  /** An answer has arrived; `life`: a number for each time that the round was begun. */
  arrived({ answer, journal }: Arrival, life: number): void {
    if (answer.kind === "leave-round") return;
    const { roundId, kind } = answer;
    const entry = entryOf(answer);
    const key = `${roundId} ${kind} ${entry === undefined ? life : "for ever"}`;
    const digest = sha256Hex(serialize(answer));
    expect(digest).toBe(this.#said.get(key) ?? digest);
    this.#said.set(key, digest);
    const written = journal.split("\n").filter((line) => line !== "");
    if (entry !== undefined)
      expect(written.map((line) => JSON.parse(line))).toContainEqual(
        expect.objectContaining({ ...entry }),
      );
    if (kind === "reveal-shares") this.#revealed(roundId, answer.shares);
  }

  /** Of nobody both halves. */
  #revealed(roundId: string, { selfMaskShares, maskKeyShares }: RevealedShares): void {
    for (const { owner } of selfMaskShares) this.#selfMasksOf.add(`${roundId} ${owner}`);
    for (const { owner } of maskKeyShares) this.#maskKeysOf.add(`${roundId} ${owner}`);
    for (const owner of this.#maskKeysOf) expect(this.#selfMasksOf).not.toContain(owner);
  }
}
