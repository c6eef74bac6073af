import sha3 from "js-sha3";
import { createWalletClient, type Hex, parseEther } from "viem";
import { expect, test } from "vitest";
import type { EmbeddedChain } from "../embedded/embedded-chain.ts";
import { hashOf, recordOf, testAccount } from "../testing/records.ts";
import {
  never,
  openTestChain,
  openTestLedger,
  owner,
  patienceMs as timeoutMs,
} from "../testing/test-chain.ts";
import { openContractLedger } from "./contract-ledger.ts";
import { openLedgerReader } from "./ledger-reader.ts";

/** Sends from the owner's account, past the ledger. */
async function sendAsOwner(chain: EmbeddedChain, to: Hex | null, data: Hex, value = 0n) {
  const wallet = createWalletClient({ transport: chain.transport, account: owner });
  return await wallet.sendTransaction({ chain: null, to, data, value });
}

test("the description names chain, contract and account", async () => {
  await using chain = await openTestChain();
  const ledger = await openTestLedger(chain);
  const where = `contract ${ledger.contractAddress}, account ${owner.address}`;
  expect(ledger.description).toBe(`embedded chain, ${where}`);
});

test("an auditor without an account reads the same history", async () => {
  await using chain = await openTestChain();
  const ledger = await openTestLedger(chain);
  const { contractAddress, committer } = ledger;
  for (const round of [1, 2]) await ledger.commit(recordOf("a", round), never);
  const { transport } = chain;
  const options = { transport, contractAddress, committer, timeoutMs };
  const reader = await openLedgerReader(options, never);
  const { runId } = recordOf("a", 1);
  expect(await reader.history(runId, never)).toEqual(await ledger.history(runId, never));
  expect(reader.description).toBe(ledger.description);
});

test("an address without a contract is the wrong chain", async () => {
  await using chain = await openTestChain();
  const options = { transport: chain.transport, account: owner, timeoutMs };
  const opening = openContractLedger({ ...options, contractAddress: owner.address }, never);
  await expect(opening).rejects.toMatchObject({ code: "wrong-chain" });
  await expect(opening).rejects.toThrow(`got no contract at ${owner.address}`);
});

test("an address with another contract is the wrong chain, and the code that is there is named", async () => {
  await using chain = await openTestChain();
  // Deploys one byte of code, 0xfe: PUSH1 0xfe PUSH0 MSTORE8 PUSH1 1 PUSH0 RETURN.
  const hash = await sendAsOwner(chain, null, "0x60fe5f5360015ff3");
  const request = { method: "eth_getTransactionReceipt", params: [hash] };
  const receipt = await chain.provider.request(request);
  const { contractAddress } = receipt as { contractAddress: Hex };
  const options = { transport: chain.transport, account: owner, contractAddress, timeoutMs };
  const opening = openContractLedger(options, never);
  await expect(opening).rejects.toMatchObject({ code: "wrong-chain" });
  await expect(opening).rejects.toThrow(sha3.keccak256(Uint8Array.of(0xfe)));
});

test("an account without money has insufficient funds, to deploy or to commit", async () => {
  await using chain = await openTestChain();
  const { contractAddress } = await openTestLedger(chain);
  const account = testAccount("poor");
  const options = { transport: chain.transport, account, timeoutMs };
  const deploying = openContractLedger({ ...options, contractAddress: undefined }, never);
  await expect(deploying).rejects.toMatchObject({ code: "insufficient-funds" });
  const ledger = await openContractLedger({ ...options, contractAddress }, never);
  const commit = ledger.commit(recordOf("a", 1), never);
  await expect(commit).rejects.toMatchObject({ code: "insufficient-funds" });
  await expect(commit).rejects.toThrow(`account ${account.address} has 0 wei`);
});

test("two accounts may use one run id in one contract and do not see each other", async () => {
  await using chain = await openTestChain();
  const mine = await openTestLedger(chain);
  const account = testAccount("squatter");
  await sendAsOwner(chain, account.address, "0x", parseEther("1"));
  const { transport } = chain;
  const { contractAddress } = mine;
  const theirs = await openContractLedger(
    { transport, account, contractAddress, timeoutMs },
    never,
  );
  const other = { ...recordOf("a", 1), modelHash: hashOf("squatted") };
  await theirs.commit(other, never);
  const entry = await mine.commit(recordOf("a", 1), never);
  expect(await mine.history(other.runId, never)).toEqual([entry]);
  expect((await theirs.history(other.runId, never)).map(({ record }) => record)).toEqual([other]);
});

test("two ledgers that share an account commit one record once, and different runs both", async () => {
  await using chain = await openTestChain();
  const one = await openTestLedger(chain);
  const two = await openTestLedger(chain, one.contractAddress);
  const record = recordOf("a", 1);
  const [first, second] = await Promise.all([one.commit(record, never), two.commit(record, never)]);
  expect(first).toEqual(second);
  await Promise.all([one.commit(recordOf("b", 1), never), two.commit(recordOf("c", 1), never)]);
  for (const run of ["a", "b", "c"]) {
    expect(await one.history(hashOf(`run ${run}`), never)).toHaveLength(1);
  }
});

test("a history is as of one block while commits go on", async () => {
  await using chain = await openTestChain();
  const ledger = await openTestLedger(chain);
  const { runId } = recordOf("a", 1);
  const histories: Promise<readonly unknown[]>[] = [];
  for (const round of [1, 2, 3, 4, 5]) {
    histories.push(ledger.history(runId, never));
    await ledger.commit(recordOf("a", round), never);
  }
  const lengths = (await Promise.all(histories)).map((history) => history.length);
  expect(lengths).toEqual(lengths.toSorted());
  expect(await ledger.history(runId, never)).toHaveLength(5);
});

test("a caller that gives up while it waits for its turn is let go, and its record is not entered", async () => {
  await using chain = await openTestChain();
  const ledger = await openTestLedger(chain);
  const controller = new AbortController();
  const first = ledger.commit(recordOf("a", 1), never);
  const waiting = ledger.commit(recordOf("b", 1), controller.signal);
  controller.abort(new Error("gave up"));
  await expect(waiting).rejects.toThrow("gave up");
  await first;
  expect(await ledger.history(hashOf("run b"), never)).toEqual([]);
});
