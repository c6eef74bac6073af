import {
  type Address,
  encodeFunctionData,
  getAddress,
  parseEventLogs,
  type TransactionReceipt,
  type Transport,
} from "viem";
import type { PrivateKeyAccount } from "viem/accounts";
import { entryHash, NO_ENTRY, toContractRound } from "../entry-hash.ts";
import { roundLedgerAbi as abi, roundLedgerBytecode } from "../generated/round-ledger.ts";
import {
  type Hash,
  type Ledger,
  type LedgerEntry,
  LedgerError,
  type RoundRecord,
} from "../ledger.ts";
import { checkRecord, conflict } from "../run-rules.ts";
import { Turns } from "../turns.ts";
import { ChainClient } from "./chain-client.ts";
import { ContractReader, chainIdOf, describe, nameOfChain } from "./ledger-reader.ts";
import { RoundLedgerContract, toEntry } from "./round-ledger-contract.ts";
import { TransactionSender } from "./transaction-sender.ts";

/** Where to keep the records, and as whom. */
interface ContractLedgerOptions {
  /** How to reach the chain: viem's http(url), or an embedded chain's transport. */
  readonly transport: Transport;
  /** Signs and pays. Its key must not be used elsewhere at the same time: commits would take turns badly. */
  readonly account: PrivateKeyAccount;
  /** Undefined: a new contract is deployed, whose address the caller must keep. */
  readonly contractAddress: Address | undefined;
  /** The longest wait for one answer of the chain, and for a sent transaction to be included. */
  readonly timeoutMs: number;
}

/** How often a commit begins anew because the account's nonce went to another transaction. */
const maxAttempts = 4;

/**
 * Opens the contract, or deploys one. Throws {@link LedgerError} `wrong-chain` when something else stands at the address,
 * `insufficient-funds`, `unreachable`. A deployment of unknown outcome may leave a contract that nobody uses.
 */
export async function openContractLedger(
  options: ContractLedgerOptions,
  signal: AbortSignal,
): Promise<ContractLedger> {
  const { transport, account, timeoutMs } = options;
  const client = new ChainClient(transport, timeoutMs);
  const chainId = await chainIdOf(client, signal);
  const sender = new TransactionSender(client, account, chainId);
  const address = options.contractAddress ?? (await deploy(client, sender, account, signal));
  const contract = new RoundLedgerContract(client, getAddress(address), account.address);
  const chainName = nameOfChain(chainId);
  await contract.checkCode(chainName, signal);
  const reader = new ContractReader(client, contract, describe(chainName, contract));
  return new ContractLedger(contract, reader, sender);
}

/**
 * The ledger of one account in a RoundLedger contract. A commit may be repeated after any outcome, known or not: a round is
 * entered once. Included means in the last block: on a chain that can drop blocks, repeat the commit until it is deep enough.
 */
export class ContractLedger implements Ledger {
  readonly description: string;
  readonly #contract: RoundLedgerContract;
  readonly #reader: ContractReader;
  readonly #sender: TransactionSender;
  readonly #turns = new Turns();

  /** For {@link openContractLedger}. */
  constructor(contract: RoundLedgerContract, reader: ContractReader, sender: TransactionSender) {
    this.description = reader.description;
    this.#contract = contract;
    this.#reader = reader;
    this.#sender = sender;
  }

  get contractAddress(): Address {
    return this.#contract.address;
  }

  get committer(): Address {
    return this.#contract.committer;
  }

  /** Throws RangeError for a record that no ledger can hold, besides what {@link Ledger.commit} says. */
  async commit(record: RoundRecord, signal: AbortSignal): Promise<LedgerEntry> {
    signal.throwIfAborted();
    checkRecord(record);
    return await this.#turns.runUnlessAborted(() => this.#commit(record, signal), signal);
  }

  async history(runId: Hash, signal: AbortSignal): Promise<readonly LedgerEntry[]> {
    return await this.#reader.history(runId, signal);
  }

  async entryOf(runId: Hash, round: number, signal: AbortSignal): Promise<Hash | undefined> {
    const entry = await this.#contract.entryOf(runId, round, undefined, signal);
    return entry === NO_ENTRY ? undefined : entry;
  }

  async #commit(record: RoundRecord, signal: AbortSignal): Promise<LedgerEntry> {
    for (let attempt = 1; attempt <= maxAttempts; attempt += 1) {
      const entry = (await this.#find(record, signal)) ?? (await this.#append(record, signal));
      if (entry !== undefined) return entry;
    }
    const text = `other transactions took the account's nonces ${maxAttempts} times; is its key in use elsewhere?`;
    throw new LedgerError("unreachable", `round ${record.round}: ${text}`);
  }

  /** The record as it stands; undefined when its round has none. Throws LedgerError `conflict` when it has another. */
  async #find(record: RoundRecord, signal: AbortSignal): Promise<LedgerEntry | undefined> {
    const { runId, round } = record;
    const existing = await this.#contract.entryOf(runId, round, undefined, signal);
    if (existing === NO_ENTRY) return undefined;
    const previous = await this.#contract.entryOf(runId, round - 1, undefined, signal);
    const own = entryHash(previous, this.committer, record);
    if (existing !== own) throw conflict(record, existing, own);
    const found = await this.#contract.committed(runId, round, undefined, signal);
    const entry = found.find((one) => one.entry === own);
    if (entry !== undefined) return entry;
    const text = `round ${round} of run ${runId} does not hold: its entry was never announced`;
    throw new LedgerError("broken-chain", text);
  }

  /** Undefined when the round was taken meanwhile, or the transaction was not: the caller looks again. */
  async #append(record: RoundRecord, signal: AbortSignal): Promise<LedgerEntry | undefined> {
    const gas = await this.#gas(record, signal);
    if (gas === undefined) return undefined;
    const args = [toContractRound(record)] as const;
    const data = encodeFunctionData({ abi, functionName: "commit", args });
    const call = { to: this.contractAddress, data, gas: withMargin(gas) };
    const receipt = await this.#sender.send(call, signal);
    return receipt === undefined ? undefined : this.#announced(receipt, record);
  }

  /** Undefined when a record came between: which one, the caller finds out. */
  async #gas(record: RoundRecord, signal: AbortSignal): Promise<bigint | undefined> {
    try {
      return await this.#contract.commitGas(record, signal);
    } catch (error) {
      if (error instanceof LedgerError && error.code === "conflict") return undefined;
      throw error;
    }
  }

  #announced(receipt: TransactionReceipt, record: RoundRecord): LedgerEntry | undefined {
    const logs = parseEventLogs({ abi, eventName: "RoundCommitted", logs: receipt.logs });
    return logs.map(toEntry).find((entry) => entry.record.round === record.round);
  }
}

async function deploy(
  client: ChainClient,
  sender: TransactionSender,
  account: PrivateKeyAccount,
  signal: AbortSignal,
): Promise<Address> {
  const data = roundLedgerBytecode;
  const gas = await client.ask(
    "for the contract's gas",
    (c) => c.estimateGas({ account: account.address, data }),
    signal,
  );
  const receipt = await sender.send({ to: undefined, data, gas: withMargin(gas) }, signal);
  const address = receipt?.contractAddress;
  if (address !== undefined && address !== null) return address;
  const text = "the contract was not deployed: another transaction of the account came before";
  throw new LedgerError("unreachable", text);
}

/** The state may change between the estimate and the block. */
function withMargin(gas: bigint): bigint {
  return (gas * 13n) / 10n;
}
