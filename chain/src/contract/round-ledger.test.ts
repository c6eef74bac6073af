import { createPublicClient, createWalletClient, getAddress, parseEventLogs } from "viem";
import { expect, test } from "vitest";
import { entryHash, NO_ENTRY, toContractRound, toHex } from "../entry-hash.ts";
import { roundLedgerAbi as abi } from "../generated/round-ledger.ts";
import type { RoundRecord } from "../ledger.ts";
import { hashOf, recordOf, testAccount } from "../testing/records.ts";
import { never, openTestChain, openTestLedger, owner } from "../testing/test-chain.ts";

const zero = toHex(NO_ENTRY);

/** The contract after rounds 1 and 2 of run a. */
async function openContract() {
  const chain = await openTestChain();
  const ledger = await openTestLedger(chain);
  const entries = [];
  for (const round of [1, 2]) entries.push(await ledger.commit(recordOf("a", round), never));
  const { transport } = chain;
  const client = createPublicClient({ transport, cacheTime: 0 });
  const address = ledger.contractAddress;
  const refusal = async (record: RoundRecord): Promise<unknown> => {
    const args = [toContractRound(record)] as const;
    const call = { address, abi, functionName: "commit", args, account: owner } as const;
    const outcome = await client.simulateContract(call).catch((error: unknown) => error);
    const reverted = outcome instanceof Error ? outcome.cause : outcome;
    return (reverted as { data?: { errorName: string; args: unknown } }).data;
  };
  return { chain, client, address, refusal, entries };
}

test("the contract can do three things, none of which takes money or has an owner", () => {
  const functions = abi.filter((item) => item.type === "function");
  expect(functions.map(({ name, stateMutability }) => [name, stateMutability])).toEqual([
    ["commit", "nonpayable"],
    ["entryOf", "view"],
    ["headOf", "view"],
  ]);
});

test.each([
  ["plan", "planHash"],
  ["parent", "parentModelHash"],
  ["model", "modelHash"],
  ["updates", "updatesRoot"],
] as const)("a zero hash of the %s is refused", async (_name, field) => {
  const { chain, refusal } = await openContract();
  await using _chain = chain;
  const record = { ...recordOf("a", 3), [field]: NO_ENTRY };
  expect(await refusal(record)).toMatchObject({ errorName: "ZeroHash" });
});

test("a first round of run zero is refused", async () => {
  const { chain, refusal } = await openContract();
  await using _chain = chain;
  const record = { ...recordOf("z", 1), runId: NO_ENTRY };
  expect(await refusal(record)).toMatchObject({ errorName: "ZeroHash" });
});

test("every refusal says what was wanted", async () => {
  const { chain, refusal, entries } = await openContract();
  await using _chain = chain;
  const next = recordOf("a", 3);
  const expectRefusal = async (change: Partial<RoundRecord>, errorName: string, args: unknown) => {
    expect(await refusal({ ...next, ...change })).toMatchObject({ errorName, args });
  };
  const [first] = entries;
  await expectRefusal({ round: 1 }, "RoundAlreadyCommitted", [1n, toHex(first?.entry ?? "")]);
  await expectRefusal({ round: 4 }, "WrongRound", [3n]);
  await expectRefusal({ round: 0 }, "WrongRound", [3n]);
  await expectRefusal({ planHash: hashOf("x") }, "PlanChanged", [toHex(next.planHash)]);
  const parent = [toHex(next.parentModelHash)];
  await expectRefusal({ parentModelHash: hashOf("x") }, "WrongParent", parent);
  await expectRefusal({ survivors: 0 }, "NoSurvivors", undefined);
});

test("the event carries the whole record, and the views agree with it", async () => {
  const { chain, client, address, entries } = await openContract();
  await using _chain = chain;
  const wallet = createWalletClient({ transport: chain.transport, account: owner });
  const record = recordOf("a", 3);
  const round = toContractRound(record);
  const call = { address, abi, functionName: "commit", args: [round], chain: null } as const;
  const hash = await wallet.writeContract(call);
  const { logs } = await client.getTransactionReceipt({ hash });
  const entry = toHex(entryHash(entries[1]?.entry ?? "", owner.address, record));
  const committer = getAddress(owner.address);
  const announced = parseEventLogs({ abi, logs }).map(({ eventName, args }) => [eventName, args]);
  expect(announced).toEqual([["RoundCommitted", { committer, ...round, entry }]]);
  const run = [committer, round.runId] as const;
  const kept = { address, abi, functionName: "entryOf", args: [...run, 3n] } as const;
  expect(await client.readContract(kept)).toBe(entry);
  const head = { address, abi, functionName: "headOf", args: run } as const;
  const { planHash, modelHash } = round;
  expect(await client.readContract(head)).toEqual({ round: 3n, planHash, modelHash, entry });
});

test("a run that nobody committed has a head of zeros", async () => {
  const { chain, client, address } = await openContract();
  await using _chain = chain;
  const args = [testAccount("nobody").address, toHex(hashOf("run a"))] as const;
  const head = await client.readContract({ address, abi, functionName: "headOf", args });
  expect(head).toEqual({ round: 0n, planHash: zero, modelHash: zero, entry: zero });
});
