import type { Address, Transport } from "viem";
import { addressFrom } from "../address.ts";
import { EMBEDDED_CHAIN_ID } from "../embedded/machine.ts";
import type { Hash, Ledger, LedgerEntry } from "../ledger.ts";
import { verifyRun } from "../verify-run.ts";
import { ChainClient } from "./chain-client.ts";
import { RoundLedgerContract } from "./round-ledger-contract.ts";

/** A ledger to read. */
export type LedgerReader = Pick<Ledger, "description" | "history">;

/** Where to read whose records. */
interface LedgerReaderOptions {
  /** How to reach the chain: viem's http(url), or an embedded chain's transport. */
  readonly transport: Transport;
  readonly contractAddress: Address;
  /** The account that committed the records: a coordinator's. */
  readonly committer: Address;
  /** The longest wait for one answer of the chain. */
  readonly timeoutMs: number;
}

/** Questions that are under way at once when a history is checked. */
const concurrentQuestions = 16;

/**
 * Opens somebody's records for reading: an auditor needs no account. Throws LedgerError `bad-address` for what is no address,
 * `wrong-chain` when there is no RoundLedger at the address, `unreachable` when the chain does not answer.
 */
export async function openLedgerReader(
  options: LedgerReaderOptions,
  signal: AbortSignal,
): Promise<LedgerReader> {
  const { transport, timeoutMs } = options;
  const contractAddress = addressFrom(options.contractAddress, "the contract");
  const committer = addressFrom(options.committer, "the committer");
  const client = new ChainClient(transport, timeoutMs);
  const chainName = nameOfChain(await chainIdOf(client, signal));
  const contract = new RoundLedgerContract(client, contractAddress, committer);
  await contract.checkCode(chainName, signal);
  return new ContractReader(client, contract, describe(chainName, contract));
}

/** Reads one committer's runs from the contract. */
export class ContractReader implements LedgerReader {
  readonly description: string;
  readonly #client: ChainClient;
  readonly #contract: RoundLedgerContract;

  constructor(client: ChainClient, contract: RoundLedgerContract, description: string) {
    this.#client = client;
    this.#contract = contract;
    this.description = description;
  }

  /** As of one block, so that a commit in between confuses nothing. */
  async history(runId: Hash, signal: AbortSignal): Promise<readonly LedgerEntry[]> {
    const contract = this.#contract;
    const block = await this.#client.ask("for its last block", (c) => c.getBlockNumber(), signal);
    const head = await contract.headOf(runId, block, signal);
    const found = await contract.committed(runId, undefined, block, signal);
    const entries: Hash[] = [];
    while (entries.length < head.round) {
      const count = Math.min(concurrentQuestions, head.round - entries.length);
      const rounds = Array.from({ length: count }, (_, index) => entries.length + index + 1);
      const answers = rounds.map((round) => contract.entryOf(runId, round, block, signal));
      entries.push(...(await Promise.all(answers)));
    }
    verifyRun(contract.committer, runId, found, { head, entries });
    return found;
  }
}

/** The id of the chain that answers. */
export async function chainIdOf(client: ChainClient, signal: AbortSignal): Promise<number> {
  return await client.ask("for its id", (c) => c.getChainId(), signal);
}

/** For people. */
export function nameOfChain(chainId: number): string {
  return chainId === EMBEDDED_CHAIN_ID ? "embedded chain" : `chain ${chainId}`;
}

/** For people: where whose records are. */
export function describe(chainName: string, contract: RoundLedgerContract): string {
  return `${chainName}, contract ${contract.address}, account ${contract.committer}`;
}
