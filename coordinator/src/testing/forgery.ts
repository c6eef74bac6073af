import type { PuppetMessage } from "./puppet-message.ts";

/** A message that no honest participant sends, and what the round refuses it with where it would take an honest one. */
export interface Flawed {
  readonly message: PuppetMessage;
  readonly refusal: string;
}

/** The message with something wrong in it that the coordinator can see. */
export function flawed(message: PuppetMessage): Flawed {
  switch (message.phase) {
    case "selecting":
      return { message: { ...message, planHash: "c".repeat(64) }, refusal: "wrong-plan" };
    case "training":
      return { message: { ...message, modelHash: "c".repeat(64) }, refusal: "wrong-model" };
    case "advertising-keys": {
      const { signature } = message.advertisement;
      const advertisement = { ...message.advertisement, signature: altered(signature) };
      return { message: { ...message, advertisement }, refusal: "bad-signature" };
    }
    case "sharing-keys": {
      const sealedShares = message.sealedShares.slice(1);
      return { message: { ...message, sealedShares }, refusal: "wrong-shares" };
    }
    case "collecting": {
      const { upload, commitment } = message.committed;
      const committed = { upload, commitment: altered(commitment) };
      return { message: { ...message, committed }, refusal: "wrong-commitment" };
    }
    case "confirming-survivors": {
      const ack = { ...message.ack, signature: altered(message.ack.signature) };
      return { message: { ...message, ack }, refusal: "bad-signature" };
    }
    case "unmasking": {
      const selfMaskShares = message.shares.selfMaskShares.slice(1);
      const shares = { ...message.shares, selfMaskShares };
      return { message: { ...message, shares }, refusal: "wrong-shares" };
    }
  }
}

/**
 * Another message of the same participant that the coordinator cannot tell from an honest one before it has consequences;
 * undefined where there is none without the participant's secrets.
 */
export function plausible(message: PuppetMessage): PuppetMessage | undefined {
  switch (message.phase) {
    case "training":
      return { ...message, nonceCommitment: "c".repeat(64) };
    case "sharing-keys":
      return { ...message, sealedShares: firstChanged(message.sealedShares, spoiltCiphertext) };
    case "unmasking": {
      const selfMaskShares = firstChanged(message.shares.selfMaskShares, spoiltShare);
      return { ...message, shares: { ...message.shares, selfMaskShares } };
    }
    case "selecting":
    case "advertising-keys":
    case "collecting":
    case "confirming-survivors":
      return undefined;
  }
}

function spoiltCiphertext<T extends { readonly ciphertext: Uint8Array }>(sealed: T): T {
  return { ...sealed, ciphertext: altered(sealed.ciphertext) };
}

function spoiltShare<T extends { readonly share: Uint8Array }>(revealed: T): T {
  return { ...revealed, share: altered(revealed.share) };
}

function firstChanged<T>(items: readonly T[], change: (item: T) => T): T[] {
  return items.map((item, place) => (place === 0 ? change(item) : item));
}

function altered(bytes: Uint8Array): Uint8Array {
  return bytes.map((byte, place) => (place === 0 ? byte ^ 1 : byte));
}
