import type { Hash, ParticipantId } from "@chorus/aggregation";
import { RoundError } from "./error.ts";
import { type Evidence, EvidenceBook, type Statement } from "./evidence.ts";

/** What participants of a round said at each step: a repetition is answered, a contradiction refused and kept. */
export class Statements {
  readonly #said = new Map<string, Statement>();
  /** Steps that were asked again. */
  readonly #again = new Set<string>();
  readonly #book = new EvidenceBook();

  /** What participants were refused for so far. */
  get evidence(): readonly Evidence[] {
    return this.#book.all;
  }

  /** A participant's message for a step was taken. */
  took(participantId: ParticipantId, step: string, statement: Statement): void {
    this.#said.set(keyOf(participantId, step), statement);
  }

  /** A participant is asked a step again that it may have answered: another answer is no contradiction. */
  askedAgain(participantId: ParticipantId, step: string): void {
    this.#again.add(keyOf(participantId, step));
  }

  /** Whether this very message was taken before. Throws {@link RoundError} `contradictory-message`, and keeps both, when another was. */
  wasTaken(
    participantId: ParticipantId,
    step: string,
    statement: Statement,
    nowMs: number,
  ): boolean {
    const key = keyOf(participantId, step);
    const taken = this.#said.get(key);
    if (taken === undefined || taken.digest === statement.digest) return taken !== undefined;
    if (this.#again.has(key)) return false;
    this.#book.contradiction(participantId, step, { taken, refused: statement }, nowMs);
    throw new RoundError(
      "contradictory-message",
      `${participantId} already sent another message for ${step}: had ${taken.digest}, got ${statement.digest}`,
    );
  }

  /** A participant's update came when the sum was closed. */
  cameLate(participantId: ParticipantId, step: string, statement: Statement, nowMs: number): void {
    this.#book.lateUpload(participantId, step, statement, nowMs);
  }
}

function keyOf(participantId: ParticipantId, step: string): string {
  return `${participantId} ${step}`;
}

/** What identifies a message: `digest` of its content, the signature in it where there is one. */
export function statementOf(digest: Hash, signature: Uint8Array = new Uint8Array()): Statement {
  return { digest, signature: Buffer.from(signature).toString("hex") };
}
