import { setTimeout as sleep } from "node:timers/promises";
import {
  type Address,
  BaseError,
  type Hex,
  keccak256,
  type PublicClient,
  type TransactionReceipt,
  TransactionReceiptNotFoundError,
} from "viem";
import type { PrivateKeyAccount } from "viem/accounts";
import { LedgerError } from "../ledger.ts";
import type { ChainClient } from "./chain-client.ts";

/** What a transaction is to do. `to` undefined: make a contract of `data`. */
interface Call {
  readonly to: Address | undefined;
  readonly data: Hex;
  readonly gas: bigint;
}

interface Fees {
  readonly maxFeePerGas: bigint;
  readonly maxPriorityFeePerGas: bigint;
}

/** Public chains make a block every 0.2 to 12 s; the embedded one has its block before the first question. */
const pollMs = 500;

/** Sends transactions of one account, one at a time: nonces come from the last block. */
export class TransactionSender {
  readonly #client: ChainClient;
  readonly #account: PrivateKeyAccount;
  readonly #chainId: number;

  constructor(client: ChainClient, account: PrivateKeyAccount, chainId: number) {
    this.#client = client;
    this.#account = account;
    this.#chainId = chainId;
  }

  /**
   * Sends the transaction and waits until it is included, for the client's time-out at most. Undefined when another
   * transaction of the account took its place: whether the call is still wanted is the caller's to find out. Throws
   * LedgerError `insufficient-funds`, or `unreachable`, after which the transaction may or may not be included.
   */
  async send(call: Call, signal: AbortSignal): Promise<TransactionReceipt | undefined> {
    const { address } = this.#account;
    const nonce = await this.#client.ask(
      "for the account's nonce",
      (client) => nonceOf(client, address),
      signal,
    );
    const fees = await this.#client.ask("for its fees", feesOf, signal);
    await this.#checkFunds(call.gas * fees.maxFeePerGas, signal);
    const { to, ...rest } = call;
    const raw = await this.#account.signTransaction({
      type: "eip1559",
      chainId: this.#chainId,
      nonce,
      ...(to === undefined ? {} : { to }),
      ...rest,
      ...fees,
    });
    await this.#client.ask("to take a transaction", (client) => broadcast(client, raw), signal);
    return await this.#included(keccak256(raw), nonce, signal);
  }

  async #checkFunds(wanted: bigint, signal: AbortSignal): Promise<void> {
    const { address } = this.#account;
    const question = (client: PublicClient) => client.getBalance({ address });
    const got = await this.#client.ask("for the account's balance", question, signal);
    if (got >= wanted) return;
    const text = `account ${address} has ${got} wei, the transaction may cost ${wanted}`;
    throw new LedgerError("insufficient-funds", text);
  }

  async #included(
    hash: Hex,
    nonce: number,
    signal: AbortSignal,
  ): Promise<TransactionReceipt | undefined> {
    const { address } = this.#account;
    const lastMs = performance.now() + this.#client.timeoutMs;
    for (;;) {
      const next = await this.#client.ask(
        "for the account's nonce",
        (client) => nonceOf(client, address),
        signal,
      );
      const receipt = await this.#client.ask("for a receipt", (c) => receiptOf(c, hash), signal);
      if (receipt !== undefined) return receipt;
      if (next > nonce) return undefined;
      if (performance.now() >= lastMs) throw this.#notIncluded(hash);
      await sleep(Math.min(pollMs, this.#client.timeoutMs), undefined, { signal });
    }
  }

  #notIncluded(hash: Hex): LedgerError {
    const text = `no block took it within ${this.#client.timeoutMs} ms; it may still be included`;
    return this.#client.unreachable(`transaction ${hash}: ${text}`);
  }
}

async function nonceOf(client: PublicClient, address: Address): Promise<number> {
  return await client.getTransactionCount({ address, blockTag: "latest" });
}

/** Twice the base fee pays for six full blocks in a row, each of which raises it by an eighth. Source: EIP-1559. */
async function feesOf(client: PublicClient): Promise<Fees> {
  const { baseFeePerGas } = await client.getBlock({ blockTag: "latest" });
  const maxPriorityFeePerGas = await client.estimateMaxPriorityFeePerGas();
  return { maxFeePerGas: (baseFeePerGas ?? 0n) * 2n + maxPriorityFeePerGas, maxPriorityFeePerGas };
}

/**
 * A node that has the transaction, or another one with its nonce, refuses it: what became of it shows later, by receipt and
 * nonce. Every other refusal is the caller's.
 */
async function broadcast(client: PublicClient, serializedTransaction: Hex): Promise<void> {
  try {
    await client.sendRawTransaction({ serializedTransaction });
  } catch (error) {
    const text = error instanceof BaseError ? `${error.shortMessage} ${error.details}` : "";
    if (!/already known|already imported|known transaction|underpriced|nonce too low/i.test(text)) {
      throw error;
    }
  }
}

async function receiptOf(client: PublicClient, hash: Hex): Promise<TransactionReceipt | undefined> {
  try {
    return await client.getTransactionReceipt({ hash });
  } catch (error) {
    if (error instanceof TransactionReceiptNotFoundError) return undefined;
    throw error;
  }
}
