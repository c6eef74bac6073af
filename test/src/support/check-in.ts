import { checkInStatement, type Identity } from "@chorus/aggregation";
import {
  type CheckInRequest,
  type ParticipantServiceClient,
  ParticipantServiceService,
} from "@chorus/proto/v1/participant";
import { Metadata } from "@grpc/grpc-js";
import { unaryCall } from "./call.ts";

const none = new Metadata();

/** The check-in of an identity: a fresh challenge, signed as the protocol has it. */
export async function checkInRequest(
  client: ParticipantServiceClient,
  identity: Identity,
  { name, invitation }: Pick<CheckInRequest, "name" | "invitation">,
): Promise<CheckInRequest> {
  const identityKey = identity.publicKey;
  const { requestChallenge } = ParticipantServiceService;
  const { challenge, federationId } = await unaryCall(
    client,
    requestChallenge,
    { identityKey },
    none,
  );
  const signature = identity.sign(checkInStatement(federationId, challenge));
  const capabilities = { backend: "raw", softwareVersion: "0" };
  return { identityKey, name, challenge, signature, invitation, capabilities };
}

/** Checks in; resolves with the metadata of the session's calls. Rejects with grpc-js' ServiceError. */
export async function checkIn(
  client: ParticipantServiceClient,
  request: CheckInRequest,
): Promise<Metadata> {
  const response = await unaryCall(client, ParticipantServiceService.checkIn, request, none);
  const session = new Metadata();
  session.set("chorus-session", response.sessionToken);
  return session;
}
