import {
  bytesToHex,
  COMMITMENT_BYTES,
  type CommittedUpload,
  GRAPH_NONCE_BYTES,
  type Hash,
  hexToBytes,
  type KeyAdvertisement,
  type SealedShare,
  type SurvivorAck,
} from "@chorus/aggregation";
import type * as participant from "@chorus/proto/v1/participant";
import type * as types from "@chorus/proto/v1/types";
import type { ExchangeInstruction, Instruction } from "../round/instruction.ts";
import { WireError } from "./error.ts";

/** A 32-byte hash or id from the wire, as hexadecimal. Throws {@link WireError} naming the field. */
export function hashFromWire(bytes: Uint8Array, field: string): Hash {
  return bytesToHex(exactly(bytes, 32, field), 32);
}

/** Bytes of a fixed length from the wire. Throws {@link WireError} naming the field. */
export function exactly(bytes: Uint8Array, length: number, field: string): Uint8Array {
  if (bytes.length !== length)
    throw new WireError("wrong-length", `${field} has ${bytes.length} bytes, wanted ${length}`);
  return bytes;
}

/** A message field that must be there. Throws {@link WireError} naming it. */
export function required<T>(value: T | undefined, field: string): T {
  if (value === undefined) throw new WireError("missing-field", `${field} is missing`);
  return value;
}

/** A hash or id for the wire. */
export function hashToWire(hash: Hash): Uint8Array {
  return hexToBytes(hash, 32);
}

export function advertisementFromWire(message: types.KeyAdvertisement): KeyAdvertisement {
  return {
    participantId: message.participantId,
    encryptionKey: exactly(message.encryptionKey, 32, "encryption_key"),
    maskKey: exactly(message.maskKey, 32, "mask_key"),
    selfMaskCommitment: exactly(message.selfMaskCommitment, 32, "self_mask_commitment"),
    graphNonce: exactly(message.graphNonce, GRAPH_NONCE_BYTES, "graph_nonce"),
    signature: exactly(message.signature, 64, "signature"),
  };
}

export function sealedShareFromWire(message: types.SealedShare): SealedShare {
  return { ...message, ciphertext: exactly(message.ciphertext, 80, "ciphertext") };
}

/** What an upload's header says of the update that follows. Throws {@link WireError} naming the field. */
export function committedUploadFromWire(header: participant.UploadHeader): CommittedUpload {
  const message = required(header.commitment, "commitment");
  return {
    upload: {
      participantId: message.participantId,
      uploadRoot: exactly(message.uploadRoot, 32, "upload_root"),
      commitmentHash: exactly(message.commitmentHash, 32, "commitment_hash"),
      signature: exactly(message.signature, 64, "signature"),
    },
    commitment: exactly(header.vectorCommitment, COMMITMENT_BYTES, "vector_commitment"),
  };
}

export function ackFromWire(message: types.SurvivorAck): SurvivorAck {
  return { ...message, signature: exactly(message.signature, 64, "signature") };
}

/** An instruction for the wire. `remainingMs`: until the phase must end. */
export function instructionToWire(
  instruction: Instruction,
  remainingMs: number,
): participant.FollowResponse {
  return { instruction: caseOf(instruction, remainingMs) };
}

function caseOf(
  instruction: Instruction,
  remainingMs: number,
): participant.FollowResponse["instruction"] {
  switch (instruction.kind) {
    case "invitation":
      return { $case: "invitation", value: invitationOf(instruction) };
    case "train":
      return { $case: "train", value: { round: invitationOf(instruction), remainingMs } };
    case "round-ended":
      return { $case: "roundEnded", value: endOf(instruction) };
    default:
      return exchangeCaseOf(instruction, hashToWire(instruction.roundId));
  }
}

function exchangeCaseOf(
  instruction: ExchangeInstruction,
  roundId: Uint8Array,
): participant.FollowResponse["instruction"] {
  switch (instruction.kind) {
    case "advertise-keys": {
      const { roundConfig } = instruction;
      return { $case: "advertiseKeys", value: { roundId, roundConfig } };
    }
    case "share-keys":
      return { $case: "shareKeys", value: { roundId, keyBook: instruction.keyBook } };
    case "upload": {
      const { sharers, sealedShares } = instruction;
      return { $case: "upload", value: { roundId, sharers, sealedShares } };
    }
    case "confirm-survivors":
      return { $case: "confirmSurvivors", value: { roundId, survivors: instruction.survivors } };
    case "reveal":
      return { $case: "reveal", value: { roundId, acks: instruction.acks } };
  }
}

function invitationOf({
  facts,
}: Extract<Instruction, { kind: "invitation" | "train" }>): participant.Invitation {
  return {
    roundId: hashToWire(facts.roundId),
    runId: hashToWire(facts.runId),
    round: facts.round,
    plan: facts.planJson,
    planHash: hashToWire(facts.planHash),
    modelHash: hashToWire(facts.parentModelHash),
  };
}

function endOf(instruction: Extract<Instruction, { kind: "round-ended" }>): participant.RoundEnded {
  const { roundId, abandoned, modelHash } = instruction;
  return {
    roundId: hashToWire(roundId),
    abandoned,
    modelHash: modelHash === "" ? new Uint8Array() : hashToWire(modelHash),
  };
}
