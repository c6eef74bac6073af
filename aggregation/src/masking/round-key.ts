import { sha256 } from "../hash.ts";
import { isEncrypted, type RoundConfig } from "./config.ts";
import { MaskingError } from "./error.ts";
import type { ExchangeContext } from "./exchange-context.ts";
import type { ParticipantId } from "./messages.ts";
import type { RoundContext } from "./round-context.ts";

/**
 * The key of an encrypted round grows from what all of its sharers contribute: nobody decides it alone, and the coordinator,
 * which sees commitments and sealed contributions only, never has it. Another set of sharers has another key.
 */

/** Bytes of what a participant contributes to the round's key: nothing where a round is not encrypted. */
export function contributionBytes(config: RoundConfig): number {
  return isEncrypted(config) ? 32 : 0;
}

/** What binds a participant to its contribution before it sees anybody else's; 32 bytes. */
export function contributionCommitmentOf(
  context: RoundContext,
  participantId: ParticipantId,
  contribution: Uint8Array,
): Uint8Array {
  return sha256("chorus/key-contribution", context.hash, participantId, contribution);
}

/**
 * What the round's key grows from, 32 bytes; nothing where the round is not encrypted. `contributions`: of every sharer,
 * which are in the key book. Throws {@link MaskingError} `wrong-contribution`, naming the sharer, for one that is not what it
 * committed to.
 */
export function roundKeySeed(
  context: ExchangeContext,
  contributions: ReadonlyMap<ParticipantId, Uint8Array>,
): Uint8Array {
  if (!isEncrypted(context.config)) return new Uint8Array();
  for (const [id, contribution] of contributions) requireCommitted(context, id, contribution);
  const ascending = [...contributions].toSorted(([a], [b]) => (a < b ? -1 : 1)).flat();
  return sha256("chorus/round-key", context.hash, ...ascending);
}

function requireCommitted(
  context: ExchangeContext,
  participantId: ParticipantId,
  contribution: Uint8Array,
): void {
  const made = contributionCommitmentOf(context.round, participantId, contribution);
  const { keyCommitment } = context.entryOf(participantId);
  if (keyCommitment !== undefined && Buffer.compare(made, keyCommitment) === 0) return;
  const message = `what ${participantId} contributes to the round's key is not what it committed to`;
  context.guard.refuse(new MaskingError("wrong-contribution", message, { participantId }));
}
