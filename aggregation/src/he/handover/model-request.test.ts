import { describe, expect, test } from "vitest";
import { checkModelRequest } from "./model-request.ts";
import {
  ASKER,
  BINDING,
  codeOf,
  keysOf,
  OTHER,
  OTHER_BINDINGS,
  sealedFor,
} from "./testing/fixture.ts";

const asker = keysOf(ASKER, "asker's key");
const other = keysOf(OTHER, "other's key");

describe("a request", () => {
  const { request } = asker;

  test("is good for its own model, round, attempt, run and federation alone", () => {
    checkModelRequest(BINDING, request);
    for (const binding of OTHER_BINDINGS) {
      expect(codeOf(() => checkModelRequest(binding, request))).toBe("bad-signature");
      expect(codeOf(() => sealedFor([request], { binding }))).toBe("bad-signature");
    }
  });

  test.each([
    ["another's name", { participantId: OTHER.participantId }, "wrong-participant"],
    [
      "somebody else's identity",
      { participantId: OTHER.participantId, identityKey: OTHER.publicKey },
      "bad-signature",
    ],
    ["another X25519 key", { encryptionKey: other.request.encryptionKey }, "bad-signature"],
    ["a short identity key", { identityKey: new Uint8Array(31) }, "wrong-length"],
    ["a short X25519 key", { encryptionKey: new Uint8Array(31) }, "wrong-length"],
    ["a long signature", { signature: new Uint8Array(65) }, "wrong-length"],
  ] as const)("with %s is refused, and nothing is sealed for anybody", (_, change, code) => {
    const changed = { ...request, ...change };
    expect(codeOf(() => checkModelRequest(BINDING, changed))).toBe(code);
    expect(codeOf(() => sealedFor([other.request, changed]))).toBe(code);
  });
});
