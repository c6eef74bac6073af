import { hexToBytes, type RoundConfig, sha256Hex } from "@chorus/aggregation";
import { expect, test } from "vitest";
import type { RoundOffer } from "../session/instruction.ts";
import { configFor } from "../testing/masked-round.ts";
import { PLAN_HASH, ROUND_ID, RUN_ID } from "../testing/tiny-round.ts";
import { Beginnings } from "./beginnings.ts";

const A = sha256Hex("a");
const B = sha256Hex("b");
const C = sha256Hex("c");

function attempt(round: number, parentModelHash: string, runId = RUN_ID): RoundConfig {
  const identityKey = hexToBytes(A, 32);
  const member = { identityKey, graphNonceCommitment: identityKey };
  return configFor([member, { ...member, identityKey: hexToBytes(B, 32) }], {
    ...{ runId, round, parentModelHash },
  });
}

function offered(round: number, modelHash: string, runId = RUN_ID): RoundOffer {
  return {
    roundId: ROUND_ID,
    runId,
    round,
    plan: "",
    planHash: PLAN_HASH,
    modelHash,
    stateHash: "",
  };
}

const verified = (round: number, parentModelHash: string, modelHash: string) =>
  ({ round, parentModelHash, modelHash, strategy: undefined }) as const;

/** After round 3 was verified: it began with A and made B. */
function afterThree(): Beginnings {
  const beginnings = new Beginnings();
  beginnings.signed(attempt(3, A));
  beginnings.verified(RUN_ID, verified(3, A, B));
  return beginnings;
}

test.each<[string, RoundOffer]>([
  ["an earlier round, even with a model that was there", offered(2, A)],
  ["the same round with what it made", offered(3, B)],
  ["the same round with another model", offered(3, C)],
  ["the next round with what the one before began with", offered(4, A)],
])("after a round was verified, %s is refused", (_, offer) => {
  expect(() => afterThree().require(offer)).toThrow(
    expect.objectContaining({ name: "ClientError", code: "wrong-model" }),
  );
});

test("after a round was verified, what it made, another attempt, later rounds and other runs are taken", () => {
  const beginnings = afterThree();
  const taken = [offered(4, B), offered(3, A), offered(5, C), offered(1, C, sha256Hex("run"))];
  for (const offer of taken) beginnings.require(offer);
  for (const offer of taken) expect(beginnings.isUnexplained(offer)).toBe(false);
});

test("what a verified round made is known after another attempt at it was signed", () => {
  const beginnings = afterThree();
  beginnings.signed(attempt(3, A));
  expect(() => beginnings.require(offered(4, C))).toThrow(`wanted ${B} as round 3 made it`);
});

test("what a round made that was signed and not verified is unknown, what it began with is not", () => {
  const beginnings = afterThree();
  beginnings.signed(attempt(4, B));
  expect(() => beginnings.require(offered(4, C))).toThrow(`wanted ${B} as it began before`);
  expect(() => beginnings.require(offered(3, A))).toThrow("wanted no round before 4 again");
  beginnings.require(offered(5, C));
  expect(beginnings.isUnexplained(offered(5, C))).toBe(true);
  expect(beginnings.isUnexplained(offered(4, B))).toBe(false);
});
