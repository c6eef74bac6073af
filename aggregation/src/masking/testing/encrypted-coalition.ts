import { HeError } from "../../he/he-error.ts";
import { ParticipantCipher } from "../../he/participant-cipher.ts";
import { seededRandom } from "../../random.ts";
import { heParametersOf, valueCountOf } from "../encryption.ts";
import { ExchangeContext } from "../exchange-context.ts";
import { type MaskSeeds, MaskSet } from "../mask-set.ts";
import type { ParticipantId } from "../messages.ts";
import { RoundContext } from "../round-context.ts";
import { roundKeySeed } from "../round-key.ts";
import { RoundKeys } from "../round-keys.ts";
import { openShare, SHARE_BYTES, sealingKey } from "../sealing.ts";
import { Coalition, Workshop } from "./coalition.ts";
import { encryptedSumOf } from "./encrypted-round.ts";
import type { ObservedEncryptedRound } from "./observed-encrypted-round.ts";
import { secretsOf } from "./round.ts";

/** Who puts together what they have of an encrypted round. */
export interface EncryptedCoalition {
  readonly colluders: ReadonlySet<ParticipantId>;
  /** Whether the coordinator is one of them: with it come ciphertexts and revealed shares. */
  readonly hasCoordinator: boolean;
}

/** What they can read. */
export interface EncryptedFindings {
  /** Survivors that are not among them whose values they have, each one's. */
  readonly updates: readonly ParticipantId[];
  readonly hasSum: boolean;
}

/**
 * For tests: what a coalition reads in an encrypted round when it takes off every mask that it can rebuild and decrypts
 * what it has with the round's key or, without a participant, with another one.
 */
export async function findingsIn(
  round: ObservedEncryptedRound,
  { colluders, hasCoordinator }: EncryptedCoalition,
): Promise<EncryptedFindings> {
  const parameters = heParametersOf(round.config);
  using cipher = await ParticipantCipher.open(parameters, keySeedOf(round, colluders));
  const sum = opened(cipher, round, round.transcript.encryptedSum, round.bare.size);
  const others = [...round.bare.keys()].filter((id) => !colluders.has(id));
  const updates: ParticipantId[] = [];
  if (hasCoordinator) {
    const masks = coalitionOf(round, colluders);
    for (const id of others) {
      const single = await alone(round, id, inVector(masks, id));
      const values = opened(cipher, round, single, 1);
      if (values !== undefined && isSame(values, round.bare.get(id))) updates.push(id);
    }
  }
  const [last, ...more] = others;
  const isLastLeft = sum !== undefined && last !== undefined && more.length === 0;
  if (isLastLeft && isSame(withoutOwn(sum, round, colluders), round.bare.get(last)))
    updates.push(last);
  return { updates: [...new Set(updates)], hasSum: sum !== undefined };
}

/**
 * For tests, to see that reading works: whose values a coordinator and a participant would have if nobody had masked them,
 * and all that protected them were a key that everybody has.
 */
export async function readWithoutMasks(
  round: ObservedEncryptedRound,
  colluder: ParticipantId,
): Promise<readonly ParticipantId[]> {
  const keySeed = keySeedOf(round, new Set([colluder]));
  using cipher = await ParticipantCipher.open(heParametersOf(round.config), keySeed);
  const read: ParticipantId[] = [];
  for (const [id, values] of round.bare) {
    if (id === colluder) continue;
    const bare = { ...round, ciphertexts: new Map([[id, cipher.encrypt(values.slice(), none())]]) };
    const found = opened(cipher, round, await alone(bare, id, none()), 1);
    if (found !== undefined && isSame(found, values)) read.push(id);
  }
  return read;
}

function none(): MaskSeeds {
  return { added: new Uint8Array(), subtracted: new Uint8Array() };
}

/** What the round's key grows from, put together from the shares that one of them was sealed; a strange one without any. */
export function keySeedOf(
  round: ObservedEncryptedRound,
  colluders: ReadonlySet<ParticipantId>,
): Uint8Array {
  const member = round.identities.find(({ participantId }) => colluders.has(participantId));
  if (member === undefined) {
    const seed = new Uint8Array(32);
    seededRandom("a key that a coordinator makes up").fill(seed);
    return seed;
  }
  const context = contextOf(round);
  const self = member.participantId;
  const keys = new RoundKeys(secretsOf(member).random, 32);
  const contributions = new Map<ParticipantId, Uint8Array>();
  contributions.set(
    self,
    keys.withContribution((own) => own.slice()),
  );
  for (const [from, sealed] of round.sealed) {
    const share = sealed.find(({ to }) => to === self);
    if (share === undefined) continue;
    const agreed = keys.encryption.agree(from, context.entryOf(from).encryptionKey);
    const bytes = openShare(sealingKey(agreed, context, from, self), context, share);
    contributions.set(from, bytes.subarray(SHARE_BYTES));
  }
  return roundKeySeed(context, contributions);
}

function contextOf({ transcript }: ObservedEncryptedRound): ExchangeContext {
  return new ExchangeContext(new RoundContext(transcript.config), transcript.keyBook);
}

function coalitionOf(
  round: ObservedEncryptedRound,
  colluding: ReadonlySet<ParticipantId>,
): Coalition {
  const colluders = round.identities.filter(({ participantId }) => colluding.has(participantId));
  const { sealed, revealed } = round;
  const view = { colluders, sealed, revealed, uploads: new Map() };
  return new Coalition(new Workshop(contextOf(round)), view);
}

/** The masks that a coalition can rebuild, as they are in somebody's vector. */
function inVector(coalition: Coalition, owner: ParticipantId): MaskSeeds {
  const known = [...coalition.knownMasks(owner).values()].map((rebuild) => rebuild());
  const { added, subtracted } = new MaskSet(known).seeds();
  return { added: subtracted, subtracted: added };
}

/** One participant's ciphertexts without some masks: what a coordinator can make a sum of. */
function alone(
  { config, ciphertexts }: ObservedEncryptedRound,
  id: ParticipantId,
  masks: MaskSeeds,
): Promise<Uint8Array> {
  return encryptedSumOf(config, [ciphertexts.get(id) ?? new Uint8Array()], masks);
}

/** What a sum is the encryption of; undefined when it is noise, or masked. */
function opened(
  cipher: ParticipantCipher,
  { config }: ObservedEncryptedRound,
  sum: Uint8Array,
  participants: number,
): Uint32Array | undefined {
  try {
    return cipher.openSum(sum, valueCountOf(config), participants);
  } catch (error) {
    if (error instanceof HeError && error.code === "wrong-sum") return undefined;
    throw error;
  }
}

function withoutOwn(
  sum: Uint32Array,
  { bare }: ObservedEncryptedRound,
  colluders: ReadonlySet<ParticipantId>,
): Uint32Array {
  const own = [...bare].filter(([id]) => colluders.has(id));
  return sum.map((value, i) => own.reduce((rest, [, values]) => rest - (values[i] ?? 0), value));
}

function isSame(a: ArrayLike<number>, b: ArrayLike<number> | undefined): boolean {
  return b !== undefined && a.length === b.length && Array.from(a).every((x, i) => x === b[i]);
}
