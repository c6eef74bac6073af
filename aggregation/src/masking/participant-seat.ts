import { graphNonceCommitment } from "../graph/graph-seed.ts";
import { hexOf } from "../hex.ts";
import type { Identity } from "../identity.ts";
import { requireMember } from "./config-check.ts";
import type { ExchangeContext } from "./exchange-context.ts";
import type { ParticipantId } from "./messages.ts";
import type { RoundContext } from "./round-context.ts";

/** One participant's place in an exchange whose key book is fixed, and nothing secret but its signature. */
export interface Seat {
  readonly context: ExchangeContext;
  readonly identity: Identity;
}

/**
 * Throws {@link MaskingError} unless the cohort has the identity and the commitment to its nonce: `not-in-cohort`,
 * `wrong-nonce-commitment`.
 */
export function requireSeat(
  { config, guard }: RoundContext,
  { participantId, publicKey }: Identity,
  graphNonce: Uint8Array,
): void {
  const nonceCommitment = hexOf(graphNonceCommitment(participantId, graphNonce));
  requireMember(config, { participantId, identityKey: hexOf(publicKey), nonceCommitment }, guard);
}

/** The participant's neighbours among `ids`, in their order. */
export function neighboursAmong(
  { context, identity }: Seat,
  ids: Iterable<ParticipantId>,
): ParticipantId[] {
  const neighbours = new Set(context.neighboursOf(identity.participantId));
  return [...ids].filter((id) => neighbours.has(id));
}

/** Who of `ids` holds a share of the participant's secrets: itself and its neighbours, in their order. */
export function holdersAmong(seat: Seat, ids: Iterable<ParticipantId>): ParticipantId[] {
  const { context, identity } = seat;
  return [...ids].filter((id) => context.isHolder(identity.participantId, id));
}
