import type { Hash, ParticipantId } from "@chorus/aggregation";

/** What identifies a participant's message. */
export interface Statement {
  /** SHA-256 of its content. */
  readonly digest: Hash;
  /** The Ed25519 signature in it, 64 bytes as hexadecimal; empty for a message without. */
  readonly signature: string;
}

/** What one participant was refused for in a round, of one kind. */
export interface Evidence {
  readonly participantId: ParticipantId;
  /** Another message for a step that it had answered, or an update for a sum that was closed. */
  readonly kind: "contradiction" | "late-upload";
  /** The phase that the messages were for. */
  readonly step: string;
  /** Of the message that was taken; empty where none was. */
  readonly takenDigest: Hash | "";
  readonly takenSignature: string;
  /** Of the first message that was refused. */
  readonly refusedDigest: Hash;
  readonly refusedSignature: string;
  /** Messages that were refused, 1 or more. */
  readonly refusals: number;
  /** When the first of them was. */
  readonly firstAtMs: number;
}

/**
 * A round's evidence. The first message of each kind that a participant is refused for is kept, the others are counted:
 * a flood takes no more room than one message.
 */
export class EvidenceBook {
  readonly #first = new Map<string, Evidence>();

  /** Sorted by when it began. */
  get all(): readonly Evidence[] {
    return [...this.#first.values()];
  }

  /** Notes that a participant's other message for a step was refused. */
  contradiction(
    participantId: ParticipantId,
    step: string,
    { taken, refused }: { readonly taken: Statement; readonly refused: Statement },
    atMs: number,
  ): void {
    this.#note(participantId, "contradiction", step, taken, refused, atMs);
  }

  /** Notes that a participant's update came when the sum was closed. */
  lateUpload(participantId: ParticipantId, step: string, refused: Statement, atMs: number): void {
    this.#note(participantId, "late-upload", step, { digest: "", signature: "" }, refused, atMs);
  }

  #note(
    participantId: ParticipantId,
    kind: Evidence["kind"],
    step: string,
    taken: Statement,
    refused: Statement,
    firstAtMs: number,
  ): void {
    const key = `${participantId} ${kind}`;
    const first = this.#first.get(key) ?? {
      participantId,
      kind,
      step,
      takenDigest: taken.digest,
      takenSignature: taken.signature,
      refusedDigest: refused.digest,
      refusedSignature: refused.signature,
      refusals: 0,
      firstAtMs,
    };
    this.#first.set(key, { ...first, refusals: first.refusals + 1 });
  }
}
