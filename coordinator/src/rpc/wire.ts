import {
  COMMITMENT_BYTES,
  type CommittedUpload,
  GRAPH_NONCE_BYTES,
  type Hash,
  type KeyAdvertisement,
  type SealedShare,
  type SurvivorAck,
} from "@chorus/aggregation";
import type * as participant from "@chorus/proto/v1/participant";
import type * as types from "@chorus/proto/v1/types";
import type { ExchangeInstruction, Instruction } from "../round/instruction.ts";
import { exactly, hashToWire, required } from "./wire-fields.ts";
import { handoverToWire } from "./wire-handover.ts";

export function advertisementFromWire(message: types.KeyAdvertisement): KeyAdvertisement {
  return {
    participantId: message.participantId,
    encryptionKey: exactly(message.encryptionKey, 32, "encryption_key"),
    maskKey: exactly(message.maskKey, 32, "mask_key"),
    selfMaskCommitment: exactly(message.selfMaskCommitment, 32, "self_mask_commitment"),
    graphNonce: exactly(message.graphNonce, GRAPH_NONCE_BYTES, "graph_nonce"),
    ...keyCommitmentFromWire(message.keyCommitment),
    signature: exactly(message.signature, 64, "signature"),
  };
}

/** Empty in a round that is not encrypted. */
function keyCommitmentFromWire(bytes: Uint8Array): Pick<KeyAdvertisement, "keyCommitment"> {
  return bytes.length === 0 ? {} : { keyCommitment: exactly(bytes, 32, "key_commitment") };
}

function advertisementToWire(keys: KeyAdvertisement): types.KeyAdvertisement {
  return { ...keys, keyCommitment: keys.keyCommitment ?? new Uint8Array() };
}

/** 80 bytes or, in an encrypted round, 112: which of both is for the round to check. */
export function sealedShareFromWire(message: types.SealedShare): SealedShare {
  const { ciphertext } = message;
  return ciphertext.length === 112
    ? message
    : { ...message, ciphertext: exactly(ciphertext, 80, "ciphertext") };
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
      return { $case: "train", value: trainOf(instruction, remainingMs) };
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
      return {
        $case: "shareKeys",
        value: { roundId, keyBook: instruction.keyBook.map(advertisementToWire) },
      };
    case "upload": {
      const { sharers, sealedShares } = instruction;
      return { $case: "upload", value: { roundId, sharers, sealedShares } };
    }
    case "confirm-survivors":
      return { $case: "confirmSurvivors", value: { roundId, survivors: instruction.survivors } };
    case "reveal":
      return { $case: "reveal", value: { roundId, acks: instruction.acks } };
    case "open-sum":
      return { $case: "openSum", value: { roundId } };
  }
}

function trainOf(
  instruction: Extract<Instruction, { kind: "train" }>,
  remainingMs: number,
): participant.Train {
  const { modelRequests, handover } = instruction;
  return {
    round: invitationOf(instruction),
    remainingMs,
    modelRequests,
    handover: handover === undefined ? undefined : handoverToWire(handover),
  };
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
    stateHash: emptyOrHashToWire(facts.parentStateHash),
  };
}

function endOf(instruction: Extract<Instruction, { kind: "round-ended" }>): participant.RoundEnded {
  const { roundId, abandoned, modelHash } = instruction;
  return {
    roundId: hashToWire(roundId),
    abandoned,
    modelHash: emptyOrHashToWire(modelHash),
  };
}

function emptyOrHashToWire(hash: Hash | ""): Uint8Array {
  return hash === "" ? new Uint8Array() : hashToWire(hash);
}
