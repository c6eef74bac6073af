import { createHash } from "node:crypto";
import { type PrivateKeyAccount, privateKeyToAccount } from "viem/accounts";
import { toHex } from "../entry-hash.ts";
import type { Hash, RoundRecord } from "../ledger.ts";

/** A hash that stands for the text. */
export function hashOf(text: string): Hash {
  return createHash("sha256").update(text).digest("hex");
}

/** An account whose key is public: for tests. */
export function testAccount(name: string): PrivateKeyAccount {
  return privateKeyToAccount(toHex(hashOf(`test account ${name}`)));
}

/** The record of a run's round: rounds with the same `run` follow each other. */
export function recordOf(run: string, round: number): RoundRecord {
  return {
    runId: hashOf(`run ${run}`),
    round,
    planHash: hashOf(`plan of ${run}`),
    parentModelHash: hashOf(`model ${round - 1} of ${run}`),
    modelHash: hashOf(`model ${round} of ${run}`),
    updatesRoot: hashOf(`updates ${round} of ${run}`),
    survivors: 3,
  };
}
