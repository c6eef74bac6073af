import { hexOf } from "../hex.ts";
import type { Identity } from "../identity.ts";
import type { RoundConfig } from "./config.ts";
import { requireMember } from "./config-check.ts";
import type { ParticipantId } from "./messages.ts";
import { RoundContext } from "./round-context.ts";

/** One participant's place in one round: what all of its stages have in common, and nothing secret but its signature. */
export interface Seat {
  readonly context: RoundContext;
  readonly identity: Identity;
}

/** Throws {@link MaskingError} unless the configuration is sound and has the identity in its cohort. */
export function takeSeat(config: RoundConfig, identity: Identity): Seat {
  const context = new RoundContext(config);
  const { participantId, publicKey } = identity;
  requireMember(config, { participantId, identityKey: hexOf(publicKey) });
  return { context, identity };
}

/** Ids of everybody but the participant itself. */
export function othersThan(seat: Seat, ids: Iterable<ParticipantId>): ParticipantId[] {
  return [...ids].filter((id) => id !== seat.identity.participantId);
}
