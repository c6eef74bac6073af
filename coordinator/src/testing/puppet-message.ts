import {
  type CommittedUpload,
  type Hash,
  type KeyAdvertisement,
  type ParticipantId,
  type RevealedShares,
  type SealedShare,
  type SurvivorAck,
  sha256Hex,
} from "@chorus/aggregation";
import type { ActiveRound } from "../round/active-round.ts";

/** What a participant says in one phase of a round. */
export type PuppetMessage =
  | { readonly phase: "selecting"; readonly planHash: Hash }
  | { readonly phase: "training"; readonly modelHash: Hash; readonly nonceCommitment: Hash }
  | { readonly phase: "advertising-keys"; readonly advertisement: KeyAdvertisement }
  | { readonly phase: "sharing-keys"; readonly sealedShares: readonly SealedShare[] }
  | {
      readonly phase: "collecting";
      readonly committed: CommittedUpload;
      /** Shape `[vectorLength(dimension)]`, in Z_2^32. */
      readonly masked: Uint32Array;
    }
  | { readonly phase: "confirming-survivors"; readonly ack: SurvivorAck }
  | { readonly phase: "unmasking"; readonly shares: RevealedShares };

/** Delivers a message as the service does that takes it from the wire. Throws what the round refuses it with. */
export function deliver(round: ActiveRound, from: ParticipantId, message: PuppetMessage): void {
  const { phase } = message;
  const digest = digestOf(message);
  const signature = signatureOf(message);
  switch (phase) {
    case "selecting":
      round.deliver(from, phase, digest, (p) => p.accept(from, message.planHash));
      break;
    case "training": {
      const { modelHash, nonceCommitment } = message;
      round.deliver(from, phase, digest, (p) => p.trained(from, modelHash, nonceCommitment));
      break;
    }
    case "advertising-keys": {
      const { advertisement } = message;
      round.deliver(from, phase, digest, (p) => p.advertise(advertisement), signature);
      break;
    }
    case "sharing-keys":
      round.deliver(from, phase, digest, (p) => p.share(from, message.sealedShares));
      break;
    case "collecting": {
      const { committed, masked } = message;
      round.deliver(from, phase, digest, (p) => p.submit(committed, masked), signature);
      break;
    }
    case "confirming-survivors":
      round.deliver(from, phase, digest, (p) => p.confirm(message.ack), signature);
      break;
    case "unmasking":
      round.deliver(from, phase, digest, (p) => p.reveal(from, message.shares));
      break;
  }
}

/** What tells a message from others for the same phase; an upload's is over its header, which commits to the rest. */
export function digestOf(message: PuppetMessage): Hash {
  switch (message.phase) {
    case "selecting":
      return message.planHash;
    case "training":
      return sha256Hex(message.modelHash, message.nonceCommitment);
    case "advertising-keys":
      return sha256Hex(message.advertisement.signature);
    case "sharing-keys":
      return sha256Hex(...message.sealedShares.map(({ ciphertext }) => ciphertext));
    case "collecting": {
      const { upload, commitment } = message.committed;
      return sha256Hex(upload.signature, commitment);
    }
    case "confirming-survivors":
      return sha256Hex(message.ack.signature);
    case "unmasking": {
      const { selfMaskShares, maskKeyShares } = message.shares;
      return sha256Hex(...[...selfMaskShares, ...maskKeyShares].map(({ share }) => share));
    }
  }
}

/** The signature in a message; undefined for one without. */
export function signatureOf(message: PuppetMessage): Uint8Array | undefined {
  switch (message.phase) {
    case "advertising-keys":
      return message.advertisement.signature;
    case "collecting":
      return message.committed.upload.signature;
    case "confirming-survivors":
      return message.ack.signature;
    case "selecting":
    case "training":
    case "sharing-keys":
    case "unmasking":
      return undefined;
  }
}
