import type { Hash } from "@chorus/aggregation";
import type * as participant from "@chorus/proto/v1/participant";
import { ClientError } from "../error.ts";
import { exactly } from "./fields.ts";

/** Reads the challenge of a check-in. Throws {@link ClientError} `protocol`. */
export function readChallenge(message: participant.RequestChallengeResponse): {
  challenge: Uint8Array;
  federationId: Hash;
} {
  const { federationId } = message;
  if (!/^[0-9a-f]{64}$/.test(federationId))
    throw new ClientError("protocol", "federation id is not 64 lowercase hexadecimal digits");
  return { challenge: exactly(message.challenge, 32, "challenge"), federationId };
}
