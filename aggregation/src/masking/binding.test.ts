import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { bytesOfHex, hexOf } from "../hex.ts";
import { bytesOfWords } from "../vector.ts";
import { selfMaskCommitmentOf } from "./advertisement.ts";
import { configHash } from "./config.ts";
import type { ExchangeContext } from "./exchange-context.ts";
import { MaskSet } from "./mask-set.ts";
import { selfMask } from "./mask-stream.ts";
import { itemAt, makeConfig, makeExchange, makeIdentities } from "./testing/round.ts";

const IDENTITIES = makeIdentities(3);
const CONFIG = makeConfig(IDENTITIES);
const CONTEXT = makeExchange(CONFIG, IDENTITIES);
const NEXT = makeExchange({ ...CONFIG, round: 2 }, IDENTITIES);
const OTHER_BOOK = makeExchange(CONFIG, IDENTITIES.slice(0, 2));
const ALICE = itemAt(CONFIG.cohort, 0).participantId;
const BOB = itemAt(CONFIG.cohort, 1).participantId;
const SEED = new Uint8Array(32).fill(5);

function selfMaskHex(context: ExchangeContext, owner: string, seed: Uint8Array): string {
  const words = new Uint32Array(8);
  new MaskSet([selfMask(context, seed, owner, "put-on")]).applyTo(words);
  return hexOf(bytesOfWords(words));
}

test("a self mask belongs to one round, one key book, one owner and one seed", () => {
  const masks = [
    selfMaskHex(CONTEXT, ALICE, SEED),
    selfMaskHex(NEXT, ALICE, SEED),
    selfMaskHex(OTHER_BOOK, ALICE, SEED),
    selfMaskHex(CONTEXT, BOB, SEED),
    selfMaskHex(CONTEXT, ALICE, new Uint8Array(32)),
  ];
  expect(new Set(masks).size).toBe(masks.length);
});

test("the commitment to a self-mask seed is the hash that the protocol names", () => {
  const wanted = createHash("sha256")
    .update("chorus/self-mask")
    .update(bytesOfHex(configHash(CONFIG)))
    .update(ALICE)
    .update(SEED)
    .digest("hex");
  expect(hexOf(selfMaskCommitmentOf(CONTEXT.round, ALICE, SEED))).toBe(wanted);
});
