import {
  bytesToHex,
  concatHex,
  createPublicClient,
  createWalletClient,
  type Hex,
  numberToHex,
} from "viem";
import { expect, test } from "vitest";
import { withRecords } from "../testing/level-records.ts";
import { TemporaryFolder } from "../testing/temporary-folder.ts";
import { openTestChain, owner } from "../testing/test-chain.ts";

/** PUSH0 CALLDATALOAD, PUSH1 32 CALLDATALOAD, SSTORE, STOP: stores word 0 of a call's data in the slot of word 1. */
const code: Hex = "0x5f356020355500";
/** PUSH7 code, PUSH0 MSTORE, PUSH1 7 PUSH1 25 RETURN: deploys it. */
const deployment: Hex = `0x66${code.slice(2)}5f5260076019f3`;

const word = (value: bigint): Hex => numberToHex(value, { size: 32 });
const large = 2n ** 255n + 12_345n;

/** Fills two slots in blocks 2 and 3, which gives the storage trie a branch with two leaves. Returns the contract. */
async function fillTwoSlots(directory: string): Promise<Hex> {
  await using chain = await openTestChain(directory);
  const wallet = createWalletClient({ transport: chain.transport, account: owner });
  const hash = await wallet.sendTransaction({ chain: null, to: null, data: deployment });
  const client = createPublicClient({ transport: chain.transport });
  const { contractAddress: to } = await client.getTransactionReceipt({ hash });
  if (to === null || to === undefined) throw new Error("the contract was not deployed");
  for (const slot of [0n, 1n]) {
    const data = concatHex([word(large + slot), word(slot)]);
    await wallet.sendTransaction({ chain: null, to, data, gas: 100_000n });
  }
  return to;
}

/** Empties slot 1: the trie reads slot 0's leaf, which execution never looked at, to shorten the branch. */
async function emptySlot(directory: string, to: Hex): Promise<unknown> {
  await using chain = await openTestChain(directory);
  const { signTransaction } = owner;
  const chainId = Number(await chain.provider.request({ method: "eth_chainId" }));
  const data = concatHex([word(0n), word(1n)]);
  const fees = { maxFeePerGas: 10n, maxPriorityFeePerGas: 0n, gas: 100_000n };
  const params = [await signTransaction({ chainId, nonce: 3, to, data, ...fees })];
  return await chain.provider.request({ method: "eth_sendRawTransaction", params });
}

test("a storage leaf that is missing when the state is written ends the block with damaged-block", async () => {
  await using folder = await TemporaryFolder.make();
  const to = await fillTwoSlots(folder.path);
  await withRecords(folder.path, async (records) => {
    const entries = await records.iterator().all();
    const states = entries.filter(([name]) => name.startsWith("state:"));
    const leaves = states.filter(([, bytes]) => bytesToHex(bytes).includes(word(large).slice(2)));
    expect(leaves.length).toBeGreaterThan(0);
    for (const [name] of leaves) await records.del(name);
  });
  await expect(emptySlot(folder.path, to)).rejects.toMatchObject({ code: "damaged-block" });
});
