import type { Hash } from "@chorus/aggregation";
import type * as participant from "@chorus/proto/v1/participant";
import { ClientError } from "../error.ts";
import type { Instruction, RoundOffer } from "../session/instruction.ts";
import { readEmptyOrHash, readHash, readId } from "./fields.ts";
import {
  readAck,
  readHandover,
  readKeys,
  readModelRequest,
  readShare,
  readUpload,
} from "./messages.ts";

/**
 * Reads an instruction; undefined for one of a kind that this version does not know. One that names its round but is
 * wrong otherwise is `malformed`. Throws {@link ClientError} `protocol` when not even the round can be read.
 */
export function readInstruction(message: participant.FollowResponse): Instruction | undefined {
  const { instruction } = message;
  if (instruction === undefined) return undefined;
  const roundId = readHash(
    instruction.$case === "train" ? instruction.value.round?.roundId : instruction.value.roundId,
    "round id",
  );
  try {
    return readBody(instruction, roundId);
  } catch (error) {
    if (error instanceof ClientError) return { kind: "malformed", roundId, error };
    throw error;
  }
}

type AnyInstruction = NonNullable<participant.FollowResponse["instruction"]>;

function readBody(instruction: AnyInstruction, roundId: Hash): Instruction {
  switch (instruction.$case) {
    case "invitation":
      return { kind: "invitation", roundId, offer: readOffer(instruction.value) };
    case "train":
      return readTrain(instruction.value, roundId);
    case "advertiseKeys":
      return { kind: "advertise-keys", roundId, roundConfig: instruction.value.roundConfig };
    case "shareKeys":
      return { kind: "share-keys", roundId, keyBook: instruction.value.keyBook.map(readKeys) };
    case "upload": {
      const sharers = instruction.value.sharers.map(readId);
      return {
        kind: "upload",
        roundId,
        sharers,
        sealedShares: instruction.value.sealedShares.map(readShare),
      };
    }
    case "confirmSurvivors":
      return {
        kind: "confirm-survivors",
        roundId,
        survivors: instruction.value.survivors.map(readUpload),
      };
    case "reveal":
      return { kind: "reveal", roundId, acks: instruction.value.acks.map(readAck) };
    case "openSum":
      return { kind: "open-sum", roundId };
    case "roundEnded":
      return readEnd(instruction.value, roundId);
  }
}

function readTrain(train: participant.Train, roundId: Hash): Instruction {
  const { round, remainingMs, modelRequests, handover } = train;
  const order = {
    kind: "train",
    roundId,
    offer: readOffer(round),
    remainingMs,
    modelRequests: modelRequests.map(readModelRequest),
  } as const;
  return handover === undefined ? order : { ...order, handover: readHandover(handover) };
}

function readOffer(offer: participant.Invitation | undefined): RoundOffer {
  if (offer === undefined)
    throw new ClientError("protocol", "got no invitation, wanted the round's");
  return {
    roundId: readHash(offer.roundId, "round id"),
    runId: readHash(offer.runId, "run id"),
    round: offer.round,
    plan: offer.plan,
    planHash: readHash(offer.planHash, "plan hash"),
    modelHash: readHash(offer.modelHash, "model hash"),
    stateHash: readEmptyOrHash(offer.stateHash, "state hash"),
  };
}

/** Characters of a reason that are kept: it goes to the log. */
const REASON_LENGTH = 256;

function readEnd(end: participant.RoundEnded, roundId: Hash): Instruction {
  const abandoned = end.abandoned.slice(0, REASON_LENGTH);
  const modelHash = abandoned === "" ? readHash(end.modelHash, "model hash") : "";
  return { kind: "round-ended", roundId, abandoned, modelHash };
}
