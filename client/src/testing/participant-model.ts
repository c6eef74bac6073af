import type { Hash } from "@chorus/aggregation";
import { MASKED_STEPS, type MaskedStep } from "./masked-steps.ts";

/** What a participant does with an instruction, if anything: it answers a step, anew or as before, or leaves the round. */
export type Reaction =
  | { readonly step: MaskedStep; readonly isNew: boolean }
  | { readonly reason: string };

/** An instruction, as far as the model looks at it. */
export interface Told {
  readonly roundId: Hash;
  /** undefined for one that cannot be read. */
  readonly step: MaskedStep | undefined;
  /** What tells it from another one for the same step. */
  readonly content: string;
  /** What an honest participant leaves the round with for it, if it were the next step. */
  readonly flaw?: string;
}

interface Life {
  readonly roundId: Hash;
  /** The last step that was answered; -1 before the first. */
  place: number;
  content: string;
  left: string | undefined;
}

/** Whether the answer to a step is written in the journal. */
export function isWritten(step: MaskedStep): boolean {
  return step !== "invitation" && step !== "train";
}

/** What a participant must do in its rounds, in steps taken: no keys, no messages' contents, no waiting. */
export class ParticipantModel {
  /** Times that it began a round, the same one or another. */
  lives = 0;
  /** Rounds of which an answer is in the journal. */
  readonly #written = new Set<Hash>();
  #life: Life | undefined;

  /** Whether it holds an update that is not masked. */
  get holdsUpdate(): boolean {
    const life = this.#life;
    if (life === undefined || life.left !== undefined) return false;
    return (
      life.place >= MASKED_STEPS.indexOf("train") && life.place < MASKED_STEPS.indexOf("upload")
    );
  }

  tell({ roundId, step, content, flaw }: Told): Reaction | undefined {
    const life = this.#life?.roundId === roundId ? this.#life : this.#begin(roundId);
    if (step === undefined) return this.#leave(life, "protocol");
    if (life.left !== undefined) return { reason: life.left };
    const place = MASKED_STEPS.indexOf(step);
    if (place < life.place) return undefined;
    if (place === life.place)
      return content === life.content ? { step, isNew: false } : this.#leave(life, "protocol");
    const refusal = this.#refusal(life, place) ?? flaw;
    if (refusal !== undefined) return this.#leave(life, refusal);
    life.place = place;
    life.content = content;
    if (isWritten(step)) this.#written.add(roundId);
    return { step, isNew: true };
  }

  /** The coordinator took an answer no more: the round goes on without this participant. */
  tooLate(): void {
    if (this.#life !== undefined) this.#life.left = "too-late";
  }

  ended(roundId: Hash): void {
    if (this.#life?.roundId === roundId) this.#life = undefined;
  }

  /** The process ends and comes back. `torn`: the step whose entry in the journal was not whole yet. */
  crashed(torn?: MaskedStep): void {
    if (torn === "advertise-keys" && this.#life !== undefined)
      this.#written.delete(this.#life.roundId);
    this.#life = undefined;
  }

  #begin(roundId: Hash): Life {
    this.lives += 1;
    this.#life = { roundId, place: -1, content: "", left: undefined };
    return this.#life;
  }

  /** Why a later step than the last is not taken. */
  #refusal({ roundId, place: last }: Life, place: number): string | undefined {
    if (last >= 0) return place === last + 1 ? undefined : "protocol";
    if (this.#written.has(roundId)) return "restarted";
    return place <= MASKED_STEPS.indexOf("train") ? undefined : "no-state";
  }

  #leave(life: Life, reason: string): Reaction {
    life.left = reason;
    return { reason };
  }
}
