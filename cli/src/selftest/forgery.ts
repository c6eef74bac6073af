import {
  AdvertisingStage,
  bytesToHex,
  type CohortMember,
  createIdentity,
  type Identity,
  type KeyAdvertisement,
  type MaskedRoundConfig,
  seededRandom,
} from "@chorus/aggregation";
import { RoundContext, RoundKeys, signAdvertisement } from "@chorus/aggregation/primitives";
import { lawless } from "./lawless.ts";
import type { Member } from "./member.ts";

type Keys = Pick<KeyAdvertisement, "encryptionKey" | "maskKey">;

/** Round keys of the attackers' own, to put into others' advertisements. */
export function forgedKeys(seed: string): RoundKeys {
  return new RoundKeys(seededRandom(`forged keys ${seed}`));
}

/** An advertisement with other keys under the old signature. */
export function withKeys(entry: KeyAdvertisement, keys: RoundKeys): KeyAdvertisement {
  return { ...entry, encryptionKey: keys.encryption.publicKey, maskKey: keys.mask.publicKey };
}

/** What a member, or a puppet, advertises under a configuration. */
export function advertisementOf(
  member: Member,
  config: MaskedRoundConfig,
  exchange: number,
): KeyAdvertisement {
  const { identity, graphNonce } = member;
  const secrets = { identity, graphNonce, random: member.randomOf(exchange) };
  return AdvertisingStage.begin(config, secrets, lawless).advertisement;
}

/** A member's own advertisement with something else in it, signed again: it sides with the attackers. */
export function signedAgain(
  { identity }: Pick<Member, "identity">,
  config: MaskedRoundConfig,
  entry: KeyAdvertisement,
  change: Partial<Keys & Pick<KeyAdvertisement, "graphNonce">>,
): KeyAdvertisement {
  return signAdvertisement(identity, new RoundContext(config, lawless), { ...entry, ...change });
}

/** Somebody who claims a member's id with an identity key of its own. */
export interface Forger {
  readonly identity: Identity;
  readonly listed: CohortMember;
  readonly keys: RoundKeys;
}

export function forgerOf({ id, listed }: Member): Forger {
  const seed = new Uint8Array(32);
  seededRandom(`forger of ${id}`).fill(seed);
  const own = createIdentity(seed);
  const identity: Identity = {
    participantId: id,
    publicKey: own.publicKey,
    sign: (bytes) => own.sign(bytes),
  };
  const identityKey = bytesToHex(own.publicKey, 32);
  return { identity, listed: { ...listed, identityKey }, keys: forgedKeys(id) };
}
