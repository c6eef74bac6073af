/**
 * The contract against a model that shares nothing with our code: words put together by hand, keccak256 by js-sha3, rules
 * from the contract's description.
 */
import fc from "fast-check";
import sha3 from "js-sha3";
import { createWalletClient, parseEther } from "viem";
import { expect, test } from "vitest";
import { openContractLedger } from "./contract/contract-ledger.ts";
import type { EmbeddedChain } from "./embedded/embedded-chain.ts";
import { type Ledger, LedgerError, type RoundRecord } from "./ledger.ts";
import { MemoryLedger } from "./memory-ledger.ts";
import { hashOf, testAccount } from "./testing/records.ts";
import { never, openTestChain, openTestLedger, owner, patienceMs } from "./testing/test-chain.ts";

const zero = "0".repeat(64);
const other = testAccount("other coordinator");
const committers = [owner, other];

/** What somebody tries. `round` counts from the run's next one; the flags break a rule. */
interface Attempt {
  readonly committer: number;
  readonly run: number;
  readonly round: -2 | -1 | 0 | 1;
  readonly anotherParent: boolean;
  readonly anotherPlan: boolean;
  readonly anotherModel: boolean;
}

const rarely = fc.integer({ min: 0, max: 5 }).map((value) => value === 0);
const attempts: fc.Arbitrary<Attempt[]> = fc.array(
  fc.record({
    committer: fc.integer({ min: 0, max: 1 }),
    run: fc.integer({ min: 0, max: 1 }),
    round: fc.constantFrom(0, 0, 0, -1, -2, 1),
    anotherParent: rarely,
    anotherPlan: rarely,
    anotherModel: rarely,
  }),
  { minLength: 4, maxLength: 14 },
);

class Model {
  readonly #chains = new Map<string, { record: RoundRecord; entry: string }[]>();

  record({ committer, run, round, ...another }: Attempt): RoundRecord {
    const next = this.of(committer, run).length + 1;
    const number = Math.max(1, next + round);
    const salt = another.anotherModel ? "another" : "";
    return {
      runId: hashOf(`run ${run}`),
      round: number,
      planHash: hashOf(another.anotherPlan ? "another plan" : "plan"),
      parentModelHash: hashOf(another.anotherParent ? "another model" : `model ${number - 1}`),
      modelHash: hashOf(`model ${number}${salt}`),
      updatesRoot: hashOf(`updates ${number}`),
      survivors: number,
    };
  }

  /** The entry that a commit is to return, or the code of its refusal. */
  commit(committer: number, run: number, record: RoundRecord): string {
    const chain = this.of(committer, run);
    const entry = entryOf(chain[record.round - 2]?.entry ?? zero, committer, record);
    const existing = chain[record.round - 1];
    if (existing !== undefined) return existing.entry === entry ? entry : "conflict";
    const [first, last] = [chain[0]?.record, chain.at(-1)?.record];
    const follows =
      record.round === chain.length + 1 &&
      record.planHash === (first?.planHash ?? record.planHash) &&
      record.parentModelHash === (last?.modelHash ?? record.parentModelHash);
    if (!follows) return "wrong-round";
    this.#chains.set(`${committer} ${run}`, [...chain, { record, entry }]);
    return entry;
  }

  of(committer: number, run: number) {
    return this.#chains.get(`${committer} ${run}`) ?? [];
  }
}

/** keccak256 over ten words of 32 bytes. Source: Solidity's ABI specification, encoding of static tuples. */
function entryOf(previous: string, committer: number, r: RoundRecord): string {
  const address = committers[committer]?.address.slice(2).toLowerCase() ?? "";
  const words = [
    previous,
    address,
    r.runId,
    r.round.toString(16),
    r.planHash,
    r.parentModelHash,
    r.modelHash,
    r.updatesRoot,
    r.survivors.toString(16),
  ];
  const bytes = Buffer.from(words.map((word) => word.padStart(64, "0")).join(""), "hex");
  return sha3.keccak256(bytes);
}

/** The ledgers of both committers in one contract. */
async function contractLedgers(chain: EmbeddedChain): Promise<Ledger[]> {
  const mine = await openTestLedger(chain);
  const { transport } = chain;
  const { contractAddress } = mine;
  const wallet = createWalletClient({ transport, account: owner });
  await wallet.sendTransaction({ chain: null, to: other.address, value: parseEther("1") });
  const options = { transport, account: other, contractAddress, timeoutMs: patienceMs };
  return [mine, await openContractLedger(options, never)];
}

async function followsModel(ledgers: readonly Ledger[], steps: readonly Attempt[]): Promise<void> {
  const model = new Model();
  for (const step of steps) {
    const record = model.record(step);
    const wanted = model.commit(step.committer, step.run, record);
    const got = await ledgers[step.committer]?.commit(record, never).then(
      ({ entry }) => entry,
      (error: unknown) => (error instanceof LedgerError ? error.code : error),
    );
    expect(got).toBe(wanted);
  }
  for (const [committer, ledger] of ledgers.entries()) {
    for (const run of [0, 1]) {
      const history = await ledger.history(hashOf(`run ${run}`), never);
      const got = history.map(({ record, entry }) => ({ record, entry }));
      expect(got).toEqual(model.of(committer, run));
    }
  }
}

test("the contract's ledger does what the model does, whatever is tried", async () => {
  const law = fc.asyncProperty(attempts, async (steps) => {
    await using chain = await openTestChain();
    await followsModel(await contractLedgers(chain), steps);
  });
  await fc.assert(law, { numRuns: 12 });
});

test("the ledger in memory does what the model does, whatever is tried", async () => {
  const law = fc.asyncProperty(attempts, async (steps) => {
    await followsModel(
      committers.map(({ address }) => new MemoryLedger(address)),
      steps,
    );
  });
  await fc.assert(law, { numRuns: 200 });
});
