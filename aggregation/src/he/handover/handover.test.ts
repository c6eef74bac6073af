import { inspect } from "node:util";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { AgreementKey } from "../../masking/key-agreement.ts";
import { modelToBytes } from "../../model/model-bytes.ts";
import { seededRandom } from "../../random.ts";
import { seedOf } from "../testing/round.ts";
import type { Handover } from "./handover.ts";
import type { HandoverErrorCode } from "./handover-error.ts";
import { handoverBytes, requestBytes } from "./handover-signing.ts";
import { type KeyAddress, wrappingKey } from "./model-keys.ts";
import { checkModelRequest } from "./model-request.ts";
import { checkHandover, checkSealedModel } from "./open-model.ts";
import {
  ASKER,
  BINDING,
  codeOf,
  flipped,
  GIVER,
  HELD,
  handoverIn,
  keysOf,
  OTHER,
  OTHER_BINDINGS,
  sealedFor,
} from "./testing/fixture.ts";

const asker = keysOf(ASKER, "asker's key");
const other = keysOf(OTHER, "other's key");
const made = sealedFor([asker.request, other.request]);

describe("handing a model over", () => {
  test("everybody who asked gets model and state, bit for bit, of one sealed text", () => {
    fc.assert(
      fc.property(
        fc.float32Array({ minLength: 1, maxLength: 40 }),
        fc.option(fc.float32Array({ minLength: 1, maxLength: 40 }), { nil: undefined }),
        (model, state) => {
          const sealed = sealedFor([asker.request, other.request], { held: { model, state } });
          expect(sealed.handovers.map(({ to }) => to)).toEqual([
            ASKER.participantId,
            OTHER.participantId,
          ]);
          for (const [index, keys] of [asker, other].entries()) {
            const handover = handoverIn(sealed, index);
            expect(handover.participantId).toBe(GIVER.participantId);
            const opened = keys.open(handover, sealed.sealed);
            expect(opened.model).toEqual(modelToBytes(model));
            expect(opened.state).toEqual(state && modelToBytes(state));
          }
        },
      ),
      { numRuns: 20 },
    );
  });

  test("the sealed text has nothing of the model, and another key every time", () => {
    const bytes = Buffer.from(made.sealed);
    expect(bytes.includes(Buffer.from(modelToBytes(HELD.model)).subarray(400, 432))).toBe(false);
    const again = sealedFor([asker.request], { random: seededRandom("again") });
    expect(again.sealed).not.toEqual(made.sealed);
    expect(handoverIn(again).encryptionKey).not.toEqual(handoverIn(made).encryptionKey);
    expect(made.sealed).toHaveLength(8 + 4 * 3000 + 16);
  });

  test("what is sealed for one does not open with another's key", () => {
    // As if the other had been given the asker's handover, signed anew for it.
    const { signature: _, ...unsigned } = handoverIn(made, 0);
    const signature = GIVER.sign(handoverBytes(BINDING, other.request, unsigned));
    const forOther = { ...unsigned, signature };
    expect(() => other.open(forOther, made.sealed)).toThrow(
      expect.objectContaining({ code: "unopenable-model", participantId: GIVER.participantId }),
    );
    expect(codeOf(() => other.open(handoverIn(made, 0), made.sealed))).toBe("bad-signature");
  });

  test("nor with the same participant's key of another request, or of another attempt", () => {
    const later = keysOf(ASKER, "a later key");
    expect(codeOf(() => later.open(handoverIn(made), made.sealed))).toBe("bad-signature");
    for (const binding of OTHER_BINDINGS) {
      const keys = keysOf(ASKER, "asker's key", binding);
      expect(keys.request.encryptionKey).toEqual(asker.request.encryptionKey);
      expect(codeOf(() => keys.open(handoverIn(made), made.sealed))).toBe("bad-signature");
    }
  });

  test("any changed byte of the sealed model is found, and so is another length or another's model", () => {
    const handover = handoverIn(made);
    for (const place of [0, 7, 8, 4000, made.sealed.length - 17, made.sealed.length - 1]) {
      const changed = flipped(made.sealed, place);
      expect(
        codeOf(() => asker.open(handover, changed)),
        `byte ${place}`,
      ).toBe("wrong-bytes");
      expect(codeOf(() => checkSealedModel(handover, changed))).toBe("wrong-bytes");
    }
    for (const bytes of [made.sealed.slice(1), new Uint8Array([...made.sealed, 0])]) {
      expect(codeOf(() => asker.open(handover, bytes))).toBe("wrong-length");
    }
    const model = HELD.model.map((value) => value + 1);
    const theirs = sealedFor([asker.request], {
      held: { ...HELD, model },
      random: seededRandom("x"),
    });
    expect(codeOf(() => asker.open(handover, theirs.sealed))).toBe("wrong-bytes");
    expect(asker.open(handover, made.sealed).model).toHaveLength(4000);
  });

  test("a giver cannot pass on what another one sealed as its own", () => {
    const { signature: _, ...unsigned } = handoverIn(made);
    const own = { ...unsigned, participantId: OTHER.participantId, identityKey: OTHER.publicKey };
    const signature = OTHER.sign(handoverBytes(BINDING, asker.request, own));
    const forged = { ...own, signature };
    checkHandover(BINDING, asker.request, forged);
    expect(codeOf(() => asker.open(forged, made.sealed))).toBe("unopenable-model");
  });
});

describe("a handover that was changed on the way is refused", () => {
  const handover = handoverIn(made);
  const cases: readonly (readonly [what: string, Partial<Handover>, HandoverErrorCode])[] = [
    ["another sender's name", { participantId: OTHER.participantId }, "wrong-participant"],
    ["another sender's key", { identityKey: OTHER.publicKey }, "wrong-participant"],
    [
      "another sender",
      { participantId: OTHER.participantId, identityKey: OTHER.publicKey },
      "bad-signature",
    ],
    ["another X25519 key", { encryptionKey: other.request.encryptionKey }, "bad-signature"],
    ["another's sealed key", { sealedKey: handoverIn(made, 1).sealedKey }, "bad-signature"],
    ["another length", { totalBytes: handover.totalBytes + 1 }, "bad-signature"],
    ["another hash", { sealedHash: "00".repeat(32) }, "bad-signature"],
    [
      "a flipped bit of the signature",
      { signature: flipped(handover.signature, 9) },
      "bad-signature",
    ],
    ["a short key", { identityKey: GIVER.publicKey.slice(1) }, "wrong-length"],
    ["a long X25519 key", { encryptionKey: new Uint8Array(33) }, "wrong-length"],
    ["a sealed key without its tag", { sealedKey: new Uint8Array(32) }, "wrong-length"],
    ["a signature of 63 bytes", { signature: new Uint8Array(63) }, "wrong-length"],
    ["no bytes", { totalBytes: 0 }, "wrong-length"],
    ["fewer bytes than a tag and a length", { totalBytes: 23 }, "wrong-length"],
    ["half a byte", { totalBytes: 40.5 }, "wrong-length"],
    ["a short hash", { sealedHash: "00" }, "wrong-length"],
  ];
  test.each(cases)("%s", (_, change, code) => {
    const changed = { ...handover, ...change };
    expect(codeOf(() => asker.open(changed, made.sealed))).toBe(code);
    expect(codeOf(() => checkHandover(BINDING, asker.request, changed))).toBe(code);
  });
});

/** Signed by the giver as it stands: a giver that cheats. */
function signedAs(change: Partial<Handover>): Handover {
  const { signature: _, ...unsigned } = { ...handoverIn(made), ...change };
  return { ...unsigned, signature: GIVER.sign(handoverBytes(BINDING, asker.request, unsigned)) };
}

test("an X25519 key with which everybody knows the secret is refused, whoever sends it", () => {
  const handover = signedAs({ encryptionKey: new Uint8Array(32) });
  expect(codeOf(() => asker.open(handover, made.sealed))).toBe("bad-key");
  const unsigned = { ...asker.request, encryptionKey: new Uint8Array(32) };
  const request = { ...unsigned, signature: ASKER.sign(requestBytes(BINDING, unsigned)) };
  expect(codeOf(() => checkModelRequest(BINDING, request))).toBe("bad-key");
});

test("the key that a model's key is sealed with is another one for every binding, sender, addressee and pair of keys", () => {
  const own = new AgreementKey(seedOf("own"));
  const address: KeyAddress = {
    binding: seedOf("binding"),
    from: GIVER.participantId,
    fromKey: own.publicKey,
    to: ASKER.participantId,
    toKey: asker.request.encryptionKey,
  };
  const changes: readonly Partial<KeyAddress>[] = [
    {},
    { binding: seedOf("another") },
    { from: OTHER.participantId },
    { fromKey: seedOf("another") },
    { to: OTHER.participantId },
    { toKey: seedOf("another") },
  ];
  const keys = changes.map((change) =>
    wrappingKey(own, ASKER.participantId, address.toKey, { ...address, ...change }),
  );
  expect(new Set(keys.map((key) => Buffer.from(key).toString("hex"))).size).toBe(changes.length);
});

test("nothing that is printed of a request's keys, or thrown about a model, holds a key or a parameter", () => {
  const secret = new Uint8Array(32);
  seededRandom("asker's key").fill(secret);
  let thrown = "";
  try {
    asker.open(signedAs({ sealedKey: flipped(handoverIn(made).sealedKey, 3) }), made.sealed);
  } catch (error) {
    thrown = inspect(error, { depth: 9, showHidden: true });
  }
  expect(thrown).toContain("unopenable-model");
  const shown = [
    thrown,
    String(asker),
    JSON.stringify(asker),
    inspect(asker, { depth: 9, showHidden: true }),
  ];
  const forms = [
    Buffer.from(secret).toString("hex"),
    [...secret].join(", "),
    [...secret].join(","),
  ];
  for (const text of shown) for (const form of forms) expect(text).not.toContain(form);
});

test("keys that were disposed of open nothing", () => {
  const keys = keysOf(ASKER, "disposed");
  const sealed = sealedFor([keys.request]);
  keys.open(handoverIn(sealed), sealed.sealed);
  keys[Symbol.dispose]();
  expect(() => keys.open(handoverIn(sealed), sealed.sealed)).toThrow(/wiped/);
});
