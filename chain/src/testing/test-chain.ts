import type { Address } from "viem";
import type { PrivateKeyAccount } from "viem/accounts";
import { type ContractLedger, openContractLedger } from "../contract/contract-ledger.ts";
import { type EmbeddedChain, openEmbeddedChain } from "../embedded/embedded-chain.ts";
import { testAccount } from "./records.ts";

/** The coordinator of the tests. */
export const owner: PrivateKeyAccount = testAccount("coordinator");

/** Longer than anything takes here: tests that wait for a time-out set their own. */
export const patienceMs = 60_000;

/** A signal that is never aborted. */
export const never: AbortSignal = new AbortController().signal;

/** The owner's chain, in memory or in a folder, with a clock that stands still. */
export async function openTestChain(directory?: string): Promise<EmbeddedChain> {
  const now = () => 1_750_000_000_000;
  return await openEmbeddedChain({ directory, account: owner.address, now });
}

/** The owner's ledger on the chain; without an address in a new contract. */
export async function openTestLedger(
  chain: EmbeddedChain,
  contractAddress?: Address,
): Promise<ContractLedger> {
  const { transport } = chain;
  const options = { transport, account: owner, contractAddress, timeoutMs: patienceMs };
  return await openContractLedger(options, never);
}
