import type { Block } from "@ethereumjs/block";
import { createTxFromRLP, type TypedTransaction } from "@ethereumjs/tx";
import { bytesToHex, hexToBytes } from "@ethereumjs/util";
import { type Address, custom, getAddress, type Hex, type Transport } from "viem";
import { LedgerError } from "../ledger.ts";
import { Turns } from "../turns.ts";
import { Archive, blockRecords } from "./archive.ts";
import { type AuditReport, auditChain } from "./audit.ts";
import { machineAfter } from "./call.ts";
import { type ChainView, type ExecutedBlock, executeBlock, executeGenesis } from "./execution.ts";
import { LevelRecordStore } from "./level-record-store.ts";
import { chainRules } from "./machine.ts";
import { chainProvider, type Provider, readOnlyProvider } from "./provider.ts";
import { MemoryRecordStore, type RecordStore } from "./record-store.ts";
import { RpcError, rpcCodes } from "./rpc-error.ts";

/** What a chain is opened with. */
export interface EmbeddedChainOptions {
  /** A LevelDB folder, made when there is none; undefined keeps the chain in memory. */
  readonly directory: string | undefined;
  /**
   * The account that owns all there is from the first block on: the only one that can pay for transactions. Undefined opens a
   * chain to look at it; there must be one.
   */
  readonly account: Address | undefined;
  /** Milliseconds since 1970; goes into the blocks' timestamps. */
  readonly now: () => number;
}

/**
 * Opens the chain, or makes its first block. Throws {@link LedgerError} `locked` when another process has it open,
 * `wrong-chain` when it belongs to another account or there is none and no account to make one, `damaged-block` when its
 * last or first block cannot be read.
 */
export async function openEmbeddedChain(options: EmbeddedChainOptions): Promise<EmbeddedChain> {
  const { directory } = options;
  const store =
    directory === undefined ? new MemoryRecordStore() : await LevelRecordStore.open(directory);
  try {
    const common = chainRules();
    const view = { common, store, hashes: new Archive(store, common) };
    const head = await loadHead(view, options);
    return new EmbeddedChain(view, head, options.now);
  } catch (error) {
    await store.close();
    throw error;
  }
}

/**
 * An Ethereum chain inside this process, with one sequencer: this process. Every transaction is a block; a block is durable
 * when `eth_sendRawTransaction` returns. Tamper-evident towards whoever knows a later head, not immutable: the owner of the
 * folder can make another chain.
 */
export class EmbeddedChain implements AsyncDisposable {
  /** Takes transactions. EIP-1193. */
  readonly provider: Provider;
  /** The same without the method that takes transactions: fit to be shown to others. */
  readonly readOnlyProvider: Provider;
  /** {@link EmbeddedChain.provider} for viem. */
  readonly transport: Transport;
  readonly #view: ChainView;
  readonly #store: RecordStore;
  readonly #now: () => number;
  readonly #turns = new Turns();
  #head: Block;

  /** For {@link openEmbeddedChain}. `head` is the store's last block. */
  constructor(view: ChainView, head: Block, now: () => number) {
    this.#view = view;
    this.#store = view.store;
    this.#now = now;
    this.#head = head;
    this.provider = chainProvider({
      view,
      archive: new Archive(view.store, view.common),
      head: () => this.#head,
      send: (raw) => this.#send(raw),
    });
    this.readOnlyProvider = readOnlyProvider(this.provider);
    this.transport = custom(this.provider, { retryCount: 0 });
  }

  /**
   * Makes the whole chain again and compares; see {@link auditChain}. About 10 ms a block. Throws {@link LedgerError}
   * `damaged-block`. Blocks that come while it runs are not looked at.
   */
  async audit(signal: AbortSignal): Promise<AuditReport> {
    return await auditChain(this.#view, signal);
  }

  /** Ends when the block that is being made is written. The provider answers nothing afterwards. */
  async close(): Promise<void> {
    await this.#turns.idle();
    await this.#store.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** Puts the transaction into a block of its own and returns its hash. */
  async #send(raw: Hex): Promise<Hex> {
    const tx = this.#decode(raw);
    await this.#turns.run(async () => {
      const parent = this.#head;
      await this.#checkNonce(parent, tx);
      const executed = await this.#execute(parent, tx);
      await this.#store.write(blockRecords(executed));
      this.#head = executed.block;
      await this.#store.note(Number(executed.block.header.number));
    });
    return bytesToHex(tx.hash());
  }

  #decode(raw: Hex): TypedTransaction {
    try {
      const tx = createTxFromRLP(hexToBytes(raw), { common: this.#view.common });
      if (!tx.isSigned() || !tx.verifySignature()) throw new Error("it is not signed");
      return tx;
    } catch (error) {
      throw rejected(error);
    }
  }

  /** There is no pool of waiting transactions: one that is not next is refused. */
  async #checkNonce(parent: Block, tx: TypedTransaction): Promise<void> {
    const { state } = await machineAfter(this.#view, parent);
    const wanted = (await state.getAccount(tx.getSenderAddress()))?.nonce ?? 0n;
    if (tx.nonce === wanted) return;
    const relation = tx.nonce < wanted ? "low" : "high";
    throw rejected(new Error(`nonce too ${relation}: got ${tx.nonce}, wanted ${wanted}`));
  }

  async #execute(parent: Block, tx: TypedTransaction): Promise<ExecutedBlock> {
    const nowSeconds = BigInt(Math.floor(this.#now() / 1000));
    const earliest = parent.header.timestamp + 1n;
    const timestamp = nowSeconds > earliest ? nowSeconds : earliest;
    try {
      return await executeBlock(this.#view, parent, tx, timestamp);
    } catch (error) {
      throw error instanceof LedgerError ? error : rejected(error);
    }
  }
}

async function loadHead(view: ChainView, options: EmbeddedChainOptions): Promise<Block> {
  const archive = new Archive(view.store, view.common);
  const head = await archive.head();
  const { description, notedBlock = -1 } = view.store;
  const next = (head?.number ?? -1) + 1;
  if (notedBlock >= next) {
    const text = `block ${next}: it is missing, and ${description} had blocks up to ${notedBlock}`;
    throw new LedgerError("damaged-block", text);
  }
  if (head === undefined) return await makeFirstBlock(view, options);
  const first = await archive.block(0);
  const owner = getAddress(bytesToHex(first.header.extraData));
  if (options.account !== undefined && getAddress(options.account) !== owner) {
    const text = `${description}: the chain belongs to account ${owner}, got ${options.account}`;
    throw new LedgerError("wrong-chain", text);
  }
  return await archive.block(head.number);
}

async function makeFirstBlock(view: ChainView, options: EmbeddedChainOptions): Promise<Block> {
  const { account, now } = options;
  if (account === undefined) {
    const text = `${view.store.description}: there is no chain, and no account to make one for`;
    throw new LedgerError("wrong-chain", text);
  }
  const timestamp = BigInt(Math.floor(now() / 1000));
  const executed = await executeGenesis(view, hexToBytes(account), timestamp);
  await view.store.write(blockRecords(executed));
  await view.store.note(0);
  return executed.block;
}

/** ethereumjs ends its messages with a dump of its settings in brackets. */
function rejected(error: unknown): RpcError {
  const text = error instanceof Error ? error.message : "unknown reason";
  return new RpcError(rpcCodes.transactionRejected, text.split(" (vm hf")[0] ?? text);
}
