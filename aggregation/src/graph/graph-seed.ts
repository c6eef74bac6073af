import { timingSafeEqual } from "node:crypto";
import { hexToBytes, sha256 } from "../hash.ts";
import type { ParticipantId } from "../masking/messages.ts";
import { GraphError } from "./graph-error.ts";
import { logFactorial } from "./log-factorial.ts";
import { requireInteger } from "./require-integer.ts";

/** Length of the secret that a participant contributes to the graph's seed. */
export const GRAPH_NONCE_BYTES = 32;

/** What a participant binds itself to before it sees anybody's nonce. */
export interface GraphNonceCommitment {
  readonly participantId: ParticipantId;
  /** {@link graphNonceCommitment}, 32 bytes; the caller has checked the participant's signature over it. */
  readonly commitment: Uint8Array;
}

/** A participant's nonce, shown when all commitments are known. */
export interface GraphNonceOpening {
  readonly participantId: ParticipantId;
  /** 32 bytes. */
  readonly nonce: Uint8Array;
}

/** A seed and whom it is from. */
export interface OpenedGraphSeed {
  /** 32 bytes. */
  readonly graphSeed: Uint8Array;
  /** Who opened, ascending: the caller leaves the others out of the graph. */
  readonly opened: readonly ParticipantId[];
}

/**
 * The commitment to a nonce of 32 random bytes: SHA-256(label || the id's 16 bytes || nonce), with the id in it so that
 * nobody can commit to what another participant will open. Throws {@link GraphError} `bad-nonce`.
 */
export function graphNonceCommitment(participantId: ParticipantId, nonce: Uint8Array): Uint8Array {
  requireNonce(participantId, nonce);
  return sha256("chorus/graph-nonce/v1", hexToBytes(participantId, 16), nonce);
}

/**
 * The graph's seed from the nonces that were opened: SHA-256(label || id || nonce || id || nonce ...), ids ascending, so
 * that it is the same for every order of arrival. Who has not opened does not count; more than `mostMissing` of them are
 * refused.
 *
 * One honest nonce makes the seed unpredictable, but not unbiased: the coordinator sees all honest nonces before its
 * colluders must open, and lets those open that give the graph it likes best. With c colluders and m = `mostMissing` it
 * chooses among the sum of C(c, j) seeds, j = 0 to m ({@link seedChoiceBits}), and privacy holds with probability
 * 1 - 2^(bits - securityBits): pass `securityBits` + bits to `findGraphParameters`, or set `mostMissing` to 0, which lets
 * every participant stop the round. Honest participants count among the c if they do not see to it that their own
 * opening is in, and all of them must have signed the same seed before they share keys.
 *
 * Throws {@link GraphError}: `bad-requirements` unless `mostMissing` is an integer from 0 to the number of commitments,
 * `duplicate-id`, `unknown-participant` for who never committed, `bad-nonce`,
 * `wrong-opening`, `too-few-openings`.
 */
export function graphSeedOf(
  commitments: readonly GraphNonceCommitment[],
  openings: readonly GraphNonceOpening[],
  mostMissing: number,
): OpenedGraphSeed {
  requireInteger("mostMissing", mostMissing, 0, commitments.length);
  const commitmentOf = new Map(
    commitments.map(({ participantId, commitment }) => [participantId, commitment]),
  );
  const nonceOf = new Map(openings.map(({ participantId, nonce }) => [participantId, nonce]));
  requireDistinct("commitments", commitmentOf.size, commitments.length);
  requireDistinct("openings", nonceOf.size, openings.length);
  for (const [id, nonce] of nonceOf) requireOpening(id, nonce, commitmentOf.get(id));
  const missing = commitmentOf.size - nonceOf.size;
  if (nonceOf.size === 0 || missing > mostMissing) {
    const message = `${nonceOf.size} of ${commitmentOf.size} opened, wanted all but ${mostMissing}`;
    throw new GraphError("too-few-openings", message);
  }
  const ascending = [...nonceOf].toSorted(([id], [other]) => (id < other ? -1 : 1));
  const parts = ascending.flatMap(([id, nonce]) => [hexToBytes(id, 16), nonce]);
  return {
    graphSeed: sha256("chorus/graph-seed/v1", ...parts),
    opened: ascending.map(([id]) => id),
  };
}

/**
 * log2 of the number of seeds that a coordinator can choose from when up to `mostMissing` of `withholders` participants may
 * fail to open: bits of security that the graph loses at most. Both integers, at most 1e6; throws {@link GraphError}
 * `bad-requirements` otherwise.
 */
export function seedChoiceBits(withholders: number, mostMissing: number): number {
  requireInteger("withholders", withholders, 0, 1_000_000);
  requireInteger("mostMissing", mostMissing, 0, 1_000_000);
  let choices = 0;
  let largest = 0;
  for (let missing = 0; missing <= Math.min(mostMissing, withholders); missing++) {
    const logChoices =
      logFactorial(withholders) - logFactorial(missing) - logFactorial(withholders - missing);
    const next = Math.max(largest, logChoices);
    choices = choices * Math.exp(largest - next) + Math.exp(logChoices - next);
    largest = next;
  }
  return (largest + Math.log(choices)) / Math.LN2;
}

function requireOpening(
  id: ParticipantId,
  nonce: Uint8Array,
  commitment: Uint8Array | undefined,
): void {
  if (commitment === undefined) {
    throw new GraphError("unknown-participant", `${id} opened a nonce without a commitment`);
  }
  const actual = graphNonceCommitment(id, nonce);
  if (actual.length !== commitment.length || !timingSafeEqual(actual, commitment)) {
    throw new GraphError("wrong-opening", `the nonce of ${id} is not the one it committed to`);
  }
}

function requireNonce(id: ParticipantId, nonce: Uint8Array): void {
  if (nonce.length !== GRAPH_NONCE_BYTES) {
    const message = `the nonce of ${id} has ${nonce.length} bytes, wanted ${GRAPH_NONCE_BYTES}`;
    throw new GraphError("bad-nonce", message);
  }
}

function requireDistinct(what: string, distinct: number, total: number): void {
  if (distinct < total) {
    throw new GraphError("duplicate-id", `${total - distinct} of ${total} ${what} are repeated`);
  }
}
