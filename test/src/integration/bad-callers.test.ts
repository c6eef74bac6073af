import { readFile } from "node:fs/promises";
import { seededRandom } from "@chorus/aggregation";
import { OperatorServiceService } from "@chorus/proto/v1/operator";
import { type CheckInRequest, ParticipantServiceService } from "@chorus/proto/v1/participant";
import { Client, credentials, Metadata, type MethodDefinition } from "@grpc/grpc-js";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { flipped, randomBytes } from "../support/bytes.ts";
import { clientStreamCall, serverStreamCall, unaryCall } from "../support/call.ts";
import { checkIn, checkInRequest } from "../support/check-in.ts";
import { patienceMs } from "../support/patience.ts";
import { RawFederation } from "../support/raw-federation.ts";
import { freshIdentity } from "../support/raw-participant.ts";
import { refusalOf } from "../support/refusal.ts";

type Method = MethodDefinition<Buffer, Buffer>;

const participantMethods = methodsOf(ParticipantServiceService);
const operatorMethods = methodsOf(OperatorServiceService);
const noMetadata = new Metadata();
let federation: RawFederation;
let invitation: string;
let operatorToken: string;
let client: Client;

beforeAll(async () => {
  federation = await RawFederation.start();
  const { grpcPort, invitationFile, operatorTokenFile } = federation.coordinator;
  invitation = (await readFile(invitationFile, "utf8")).trim();
  operatorToken = (await readFile(operatorTokenFile, "utf8")).trim();
  client = new Client(`127.0.0.1:${grpcPort}`, credentials.createInsecure());
}, patienceMs);

/** Whoever was turned away, the others go on. */
afterEach(async () => {
  expect(await federation.round()).toEqual([0, 1, 2, 3]);
});

/** Whatever callers say, nobody at the coordinator must act, and no secret is logged. */
afterAll(async () => {
  const { entries } = federation.coordinator.log;
  client.close();
  await federation[Symbol.asyncDispose]();
  expect(entries.filter(({ level }) => Number(level) >= 50)).toEqual([]);
  const text = JSON.stringify(entries);
  for (const secret of [invitation, operatorToken]) expect(text).not.toContain(secret);
}, patienceMs);

/** A service's methods with messages left as bytes. */
function methodsOf(service: object): readonly Method[] {
  const asIs = (bytes: Buffer) => bytes;
  return Object.values(service as Record<string, Method>).map((method) => ({
    ...method,
    requestSerialize: asIs,
    responseDeserialize: asIs,
  }));
}

/** Makes a call of any kind with one request message. */
function call(method: Method, body: Buffer, metadata: Metadata): Promise<unknown> {
  if (method.requestStream) return clientStreamCall(client, method, [body], metadata);
  if (method.responseStream) return serverStreamCall(client, method, body, metadata);
  return unaryCall(client, method, body, metadata);
}

function metadata(key: string, value: string): Metadata {
  const made = new Metadata();
  made.set(key, value);
  return made;
}

describe("a check-in", () => {
  type Change = (honest: CheckInRequest) => Partial<CheckInRequest>;

  test.each<[string, string, Change]>([
    [
      "with another signature",
      "PERMISSION_DENIED bad-signature",
      ({ signature }) => ({ signature: flipped(signature) }),
    ],
    [
      "with half a signature",
      "PERMISSION_DENIED bad-signature",
      ({ signature }) => ({ signature: signature.subarray(32) }),
    ],
    [
      "with a challenge that nobody gave",
      "UNAUTHENTICATED bad-challenge",
      () => ({ challenge: randomBytes(32) }),
    ],
    [
      "with a challenge of 31 bytes",
      "INVALID_ARGUMENT wrong-length",
      ({ challenge }) => ({ challenge: challenge.subarray(1) }),
    ],
    [
      "with the identity key of somebody else",
      "UNAUTHENTICATED bad-challenge",
      () => ({ identityKey: federation.raw.identity.publicKey }),
    ],
    [
      "with an identity key of 31 bytes",
      "INVALID_ARGUMENT wrong-length",
      ({ identityKey }) => ({ identityKey: identityKey.subarray(1) }),
    ],
    ["without invitation", "PERMISSION_DENIED not-enrolled", () => ({ invitation: "" })],
    [
      "with another invitation",
      "PERMISSION_DENIED bad-invitation",
      () => ({ invitation: "please" }),
    ],
    ["under a name that is taken", "PERMISSION_DENIED name-taken", () => ({ name: "site-0" })],
    ["without name", "INVALID_ARGUMENT bad-name", () => ({ name: "" })],
    ["under a name of two lines", "INVALID_ARGUMENT bad-name", () => ({ name: "a\nb" })],
    ["under a name of 65 letters", "INVALID_ARGUMENT bad-name", () => ({ name: "a".repeat(65) })],
  ])("%s is %s", async (_what, refusal, change) => {
    const { raw } = federation;
    const stranger = { name: "stranger", invitation };
    const honest = await checkInRequest(raw.client, freshIdentity(), stranger);
    const told = await refusalOf(checkIn(raw.client, { ...honest, ...change(honest) }));
    expect(told).toMatch(new RegExp(`^${refusal}: `));
    expect(told).not.toContain(invitation);
  });

  test("that says of itself what no text is, is taken, and what it says is cut", async () => {
    const { raw, operator } = federation;
    const named = { name: "odd", invitation };
    const honest = await checkInRequest(raw.client, freshIdentity(), named);
    const capabilities = { backend: "a\0b", softwareVersion: "v".repeat(10_000) };
    await checkIn(raw.client, { ...honest, capabilities });
    const { participants } = await operator.listParticipants();
    expect(participants.find(({ name }) => name === "odd")?.capabilities).toEqual({
      backend: "a\ufffdb",
      softwareVersion: "v".repeat(64),
    });
  });

  test("with a challenge that was used is UNAUTHENTICATED bad-challenge", async () => {
    const { raw } = federation;
    const named = { name: "twice", invitation };
    const honest = await checkInRequest(raw.client, freshIdentity(), named);
    await checkIn(raw.client, honest);
    expect(await refusalOf(checkIn(raw.client, honest))).toMatch(
      /^UNAUTHENTICATED bad-challenge: /,
    );
  });

  test("with a challenge that expired is UNAUTHENTICATED bad-challenge", async () => {
    const { raw, clock } = federation;
    const named = { name: "late", invitation };
    const honest = await checkInRequest(raw.client, freshIdentity(), named);
    clock.advance(60_001);
    expect(await refusalOf(checkIn(raw.client, honest))).toMatch(
      /^UNAUTHENTICATED bad-challenge: /,
    );
  });
});

describe("every call of a participant", () => {
  const others = participantMethods.filter(
    ({ path }) => !/\/(RequestChallenge|CheckIn)$/.test(path),
  );

  test.each([
    ["without session", noMetadata],
    ["with an invented session", metadata("chorus-session", "A".repeat(43))],
    ["with an operator's token name", metadata("authorization", "Bearer x")],
  ])("%s is UNAUTHENTICATED no-session", async (_what, sent) => {
    expect(others).toHaveLength(14);
    for (const method of others)
      expect(await refusalOf(call(method, Buffer.alloc(0), sent)), method.path).toMatch(
        /^UNAUTHENTICATED no-session: /,
      );
  });
});

describe("every call of an operator", () => {
  test.each([
    ["without token", () => noMetadata],
    ["with another token", () => metadata("authorization", `Bearer ${"A".repeat(43)}`)],
    ["with the token alone", () => metadata("authorization", operatorToken)],
    ["with the invitation", () => metadata("authorization", `Bearer ${invitation}`)],
    ["with a participant's session", () => federation.raw.session],
  ])("%s is UNAUTHENTICATED bad-token", async (_what, sent) => {
    expect(operatorMethods).toHaveLength(8);
    for (const method of operatorMethods)
      expect(await refusalOf(call(method, Buffer.alloc(0), sent())), method.path).toMatch(
        /^UNAUTHENTICATED bad-token: /,
      );
  });
});

/** A field of wire type 7, which there is not, then noise. */
function garbage(seed: string, length: number): Buffer {
  const noise = Buffer.alloc(length);
  seededRandom(seed).fill(noise);
  return Buffer.concat([Buffer.from([0x07]), noise]);
}

test.each([
  ["a field that ends nowhere", Buffer.from([0x0a, 0xff, 0xff, 0xff, 0xff, 0x07])],
  ["a number without end", Buffer.alloc(16, 0xff)],
  ["a kilobyte of noise", garbage("a kilobyte", 1024)],
  ["a megabyte of noise", garbage("a megabyte", 1_048_576)],
])("%s instead of a message is INTERNAL for every call", async (_what, body) => {
  const sent = federation.raw.session.clone();
  sent.set("authorization", `Bearer ${operatorToken}`);
  for (const method of [...participantMethods, ...operatorMethods])
    expect(await refusalOf(call(method, body, sent)), method.path).toMatch(/^INTERNAL /);
});

test("a call that there is not is UNIMPLEMENTED", async () => {
  const [method] = participantMethods;
  if (method === undefined) throw new Error("the service has no methods");
  const unknown = { ...method, path: "/chorus.v1.ParticipantService/Shutdown" };
  expect(await refusalOf(call(unknown, Buffer.alloc(0), noMetadata))).toMatch(/^UNIMPLEMENTED /);
});
