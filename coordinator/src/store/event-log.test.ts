import fc from "fast-check";
import { expect, test } from "vitest";
import { eventHash } from "./event-log.ts";

const first = {
  sequence: 1,
  atMs: 1_700_000_000_000,
  kind: "federation-created",
  body: '{"federationId":"ab","name":"größer"}',
};
const second = { sequence: 2, atMs: 1_700_000_000_001, kind: "run-ended", body: "{}" };

// Computed with Python: hashlib.sha256(previous + struct.pack(">QQI", sequence, at, len(kind)) + kind + body).
test("an event's hash is the one that a few lines of Python give", () => {
  const hash = "99bf3cd63f2a599f90d3ef08b7d4fb1882c52eccceeed2878ef6b65cd50fdcb2";
  expect(eventHash("0".repeat(64), first)).toBe(hash);
  expect(eventHash(hash, second)).toBe(
    "75ba65ce91347d8c927df2eea885c0f2dde5a1ac0f1651cdc61b4b467000ab8d",
  );
});

test("where the kind ends and the body begins cannot be moved without another hash", () => {
  fc.assert(
    fc.property(fc.string({ minLength: 1 }), fc.nat(), (text, at) => {
      const cut = at % text.length;
      const split = { ...first, kind: text.slice(0, cut), body: text.slice(cut) };
      const whole = { ...first, kind: text, body: "" };
      expect(eventHash("0".repeat(64), split)).not.toBe(eventHash("0".repeat(64), whole));
    }),
  );
});
