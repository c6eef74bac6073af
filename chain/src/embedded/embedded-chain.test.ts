import {
  createPublicClient,
  createWalletClient,
  encodeFunctionData,
  type Hex,
  numberToHex,
  parseEther,
} from "viem";
import { describe, expect, test } from "vitest";
import { toContractRound } from "../entry-hash.ts";
import { roundLedgerAbi as abi } from "../generated/round-ledger.ts";
import { recordOf, testAccount } from "../testing/records.ts";
import { TemporaryFolder } from "../testing/temporary-folder.ts";
import { never, openTestChain, openTestLedger, owner } from "../testing/test-chain.ts";
import { type EmbeddedChain, openEmbeddedChain } from "./embedded-chain.ts";
import { EMBEDDED_CHAIN_ID } from "./machine.ts";

const stranger = testAccount("stranger");

function readerOf(chain: EmbeddedChain) {
  return createPublicClient({ transport: chain.transport, cacheTime: 0 });
}

/** A transfer of one wei, signed. */
async function transfer(nonce: number, change = {}): Promise<Hex> {
  const fees = { maxFeePerGas: 10n, maxPriorityFeePerGas: 0n, gas: 21_000n };
  const to = stranger.address;
  const base = { type: "eip1559", chainId: EMBEDDED_CHAIN_ID, nonce, to, value: 1n, ...fees };
  return await owner.signTransaction({ ...base, ...change } as never);
}

async function send(chain: EmbeddedChain, raw: Hex): Promise<unknown> {
  return await chain.provider.request({ method: "eth_sendRawTransaction", params: [raw] });
}

describe("opening", () => {
  test("a folder that is open already is locked", async () => {
    await using folder = await TemporaryFolder.make();
    await using _chain = await openTestChain(folder.path);
    const second = openTestChain(folder.path);
    await expect(second).rejects.toMatchObject({ name: "LedgerError", code: "locked" });
    await expect(second).rejects.toThrow("open in another process");
  });

  test("a chain of another account is the wrong chain", async () => {
    await using folder = await TemporaryFolder.make();
    await (await openTestChain(folder.path)).close();
    const options = { directory: folder.path, account: stranger.address, now: () => 0 };
    const opening = openEmbeddedChain(options);
    await expect(opening).rejects.toMatchObject({ code: "wrong-chain" });
    await expect(opening).rejects.toThrow(`belongs to account ${owner.address}`);
  });

  test("a chain opens without an account, to be looked at; nothing opens where there is none", async () => {
    await using folder = await TemporaryFolder.make();
    const options = { directory: folder.path, account: undefined, now: () => 0 };
    await expect(openEmbeddedChain(options)).rejects.toMatchObject({ code: "missing-chain" });
    await (await openTestChain(folder.path)).close();
    await using chain = await openEmbeddedChain(options);
    expect(await chain.audit(never)).toEqual({ blocks: 1 });
  });

  test("a closed chain answers nothing", async () => {
    await using folder = await TemporaryFolder.make();
    const chain = await openTestChain(folder.path);
    const ledger = await openTestLedger(chain);
    await chain.close();
    const commit = ledger.commit(recordOf("a", 1), never);
    await expect(commit).rejects.toMatchObject({ code: "unreachable" });
  });
});

describe("transactions", () => {
  test("each is a block; timestamps follow the clock but never stand still or go back", async () => {
    let nowMs = 5_000;
    const options = { directory: undefined, account: owner.address, now: () => nowMs };
    await using chain = await openEmbeddedChain(options);
    await send(chain, await transfer(0));
    nowMs = 60_999;
    await send(chain, await transfer(1));
    nowMs = 0;
    await send(chain, await transfer(2));
    const reader = readerOf(chain);
    const blocks = await Promise.all(
      [0n, 1n, 2n, 3n].map((blockNumber) => reader.getBlock({ blockNumber })),
    );
    expect(blocks.map(({ timestamp }) => timestamp)).toEqual([5n, 6n, 60n, 61n]);
    expect(blocks.map(({ transactions }) => transactions.length)).toEqual([0, 1, 1, 1]);
    expect(blocks[2]?.parentHash).toBe(blocks[1]?.hash);
    expect(await chain.audit(never)).toEqual({ blocks: 4 });
  });

  test.each([
    ["an old nonce", { nonce: 0 }, "nonce too low: got 0, wanted 1"],
    ["a nonce that leaves one out", { nonce: 2 }, "nonce too high: got 2, wanted 1"],
    ["another chain's id", { chainId: 1 }, "chain ID"],
    ["more money than there is", { value: parseEther("2000000") }, "enough funds"],
    ["too little gas", { gas: 20_000n }, "gas"],
    ["more gas than a block has", { gas: 30_000_001n }, "gas limit"],
    ["a fee below the base fee", { maxFeePerGas: 0n }, "less than the block's baseFeePerGas"],
  ])("one with %s is rejected and makes no block", async (_case, change, text) => {
    await using chain = await openTestChain();
    await send(chain, await transfer(0));
    const sending = transfer(1, change).then((raw) => send(chain, raw));
    await expect(sending).rejects.toMatchObject({ name: "RpcError", code: -32003 });
    await expect(sending).rejects.toThrow(text);
    expect(await readerOf(chain).getBlockNumber()).toBe(1n);
    await send(chain, await transfer(1));
    expect(await chain.audit(never)).toEqual({ blocks: 3 });
  });

  test.each(["0x", "0x02", "0xdeadbeef", "0x02c0"])("%s is no transaction", async (raw) => {
    await using chain = await openTestChain();
    await expect(send(chain, raw as Hex)).rejects.toMatchObject({ code: -32003 });
  });

  test("a flood of concurrent transactions enters the chain one by one", async () => {
    await using chain = await openTestChain();
    const raws = await Promise.all([0, 1, 2, 3, 4, 5].map((nonce) => transfer(nonce)));
    await Promise.all(raws.map((raw) => send(chain, raw)));
    expect(await readerOf(chain).getBalance(stranger)).toBe(6n);
    expect(await chain.audit(never)).toEqual({ blocks: 7 });
  });
});

describe("questions", () => {
  test("viem reads blocks, transactions, receipts, logs, state and history", async () => {
    await using chain = await openTestChain();
    const ledger = await openTestLedger(chain);
    const { transactionHash } = await ledger.commit(recordOf("a", 1), never);
    const reader = readerOf(chain);
    const hash: Hex = `0x${transactionHash}`;
    const [receipt, transaction] = await Promise.all([
      reader.getTransactionReceipt({ hash }),
      reader.getTransaction({ hash }),
    ]);
    const { contractAddress: address } = ledger;
    const { blockHash } = receipt;
    const block = await reader.getBlock({ blockHash, includeTransactions: true });
    expect(block.transactions).toEqual([transaction]);
    expect(receipt).toMatchObject({ status: "success", from: transaction.from, blockNumber: 2n });
    expect(await reader.getLogs({ address, fromBlock: 0n })).toMatchObject(receipt.logs);
    expect(await reader.getLogs({ address: owner.address, fromBlock: 0n })).toEqual([]);
    expect(await reader.getCode({ address, blockNumber: 0n })).toBeUndefined();
    expect(await reader.getTransactionCount(owner)).toBe(2);
    const blockTag = "earliest";
    expect(await reader.getTransactionCount({ ...owner, blockTag })).toBe(0);
    expect(await reader.getStorageAt({ address, slot: "0x0" })).toBe(numberToHex(0, { size: 32 }));
    expect(await reader.getChainId()).toBe(EMBEDDED_CHAIN_ID);
  });

  test("the estimate is enough for the transaction and at most a tenth too much", async () => {
    await using chain = await openTestChain();
    const { contractAddress: to } = await openTestLedger(chain);
    const args = [toContractRound(recordOf("a", 1))] as const;
    const data = encodeFunctionData({ abi, functionName: "commit", args });
    const reader = readerOf(chain);
    const gas = await reader.estimateGas({ account: owner, to, data });
    const wallet = createWalletClient({ transport: chain.transport, account: owner });
    const hash = await wallet.sendTransaction({ chain: null, to, data, gas });
    const { status, gasUsed } = await reader.getTransactionReceipt({ hash });
    expect(status).toBe("success");
    expect(Number(gas) / Number(gasUsed)).toBeLessThan(1.101);
  });

  test("a call changes nothing, and a revert carries the contract's reason", async () => {
    await using chain = await openTestChain();
    const { contractAddress: address } = await openTestLedger(chain);
    const reader = readerOf(chain);
    const commit = { address, abi, functionName: "commit", account: owner } as const;
    const good = [toContractRound(recordOf("a", 1))] as const;
    await reader.simulateContract({ ...commit, args: good });
    await reader.simulateContract({ ...commit, args: good });
    const bad = [toContractRound(recordOf("a", 2))] as const;
    await expect(reader.simulateContract({ ...commit, args: bad })).rejects.toThrow("WrongRound");
    expect(await chain.audit(never)).toEqual({ blocks: 2 });
  });

  test.each([
    ["eth_sign", [], -32601],
    ["eth_getBalance", ["0x12"], -32602],
    ["eth_getBalance", [owner.address, "0x99"], -32001],
    ["eth_getBalance", [owner.address, "yesterday"], -32602],
    ["eth_call", ["text"], -32602],
    ["eth_call", [{ data: `0x${"00".repeat(131_073)}` }], -32602],
    ["eth_getTransactionReceipt", ["0x1234"], -32602],
    ["eth_getLogs", [{ topics: "0x00" }], -32602],
    ["eth_getLogs", [{ address: Array(101).fill(owner.address) }], -32602],
  ])("%s with %j is refused with code %i", async (method, params, code) => {
    await using chain = await openTestChain();
    const asking = chain.provider.request({ method, params });
    await expect(asking).rejects.toMatchObject({ name: "RpcError", code });
  });

  test("what there is not is null", async () => {
    await using chain = await openTestChain();
    const ask = (method: string, first: unknown) =>
      chain.provider.request({ method, params: [first] });
    const hash = numberToHex(1, { size: 32 });
    expect(await ask("eth_getBlockByNumber", "0x99")).toBeNull();
    expect(await ask("eth_getBlockByHash", hash)).toBeNull();
    expect(await ask("eth_getTransactionByHash", hash)).toBeNull();
    expect(await ask("eth_getTransactionReceipt", hash)).toBeNull();
  });
});
