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
import { chainProvider, type Provider } from "./provider.ts";
import { MemoryRecordStore, type RecordStore } from "./record-store.ts";
import { RpcError, rpcCodes } from "./rpc-error.ts";

/** What a chain is opened with, wherever its records are. */
interface ChainOptions {
  /**
   * The account that owns all there is from the first block on: the only one that can pay for transactions. Undefined opens a
   * chain to look at it, whoever owns it; there must be one.
   */
  readonly account: Address | undefined;
  /** Whether there must be a chain already; false when it is left out. */
  readonly mustExist?: boolean;
  /** Milliseconds since 1970; goes into the blocks' timestamps. */
  readonly now: () => number;
}

/** What a chain is opened with. */
export interface EmbeddedChainOptions extends ChainOptions {
  /** A LevelDB folder, made when there is none; undefined keeps the chain in memory. */
  readonly directory: string | undefined;
}

/**
 * Opens the chain, or makes its first block. Throws {@link LedgerError} `missing-chain` when there is none and none is to be
 * made, `locked` when another process has it open, `wrong-chain` when it belongs to another account, `damaged-block` when it
 * cannot be read, has lost its end, or its first or last block is damaged.
 */
export async function openEmbeddedChain(options: EmbeddedChainOptions): Promise<EmbeddedChain> {
  const { directory } = options;
  const store =
    directory === undefined
      ? new MemoryRecordStore()
      : await LevelRecordStore.open(directory, mayMake(options));
  return await openChainOn(store, options);
}

/** As {@link openEmbeddedChain}, on a store that is open. The chain closes it, and so does a failure. */
export async function openChainOn(
  store: RecordStore,
  options: ChainOptions,
): Promise<EmbeddedChain> {
  try {
    const common = chainRules();
    const view = { common, store, hashes: new Archive(store, common) };
    return new EmbeddedChain(view, await loadEnds(view, options), options.now);
  } catch (error) {
    await store.close();
    throw error;
  }
}

/** What is known of a chain when it is open. */
interface ChainEnds {
  /** Whose chain it is: named by the first block. */
  readonly owner: Address;
  /** The store's last block. */
  readonly head: Block;
}

/**
 * An Ethereum chain inside this process, with one sequencer: this process. Every transaction is a block; a block is durable
 * when `eth_sendRawTransaction` returns. Tamper-evident towards whoever knows a later head, not immutable: the owner of the
 * folder can make another chain.
 *
 * A block that could not be written is the last that was tried: what LevelDB writes behind the remains of a failed write is
 * lost when it is opened again. Until then the chain answers questions as of its last written block and takes nothing.
 */
export class EmbeddedChain implements AsyncDisposable {
  /** The account that owns all there is, and commits. */
  readonly owner: Address;
  /** Takes transactions. EIP-1193. */
  readonly provider: Provider;
  /** {@link EmbeddedChain.provider} for viem. */
  readonly transport: Transport;
  readonly #view: ChainView;
  readonly #store: RecordStore;
  readonly #now: () => number;
  readonly #turns = new Turns();
  #head: Block;
  #failure: unknown;

  /** For {@link openChainOn}. */
  constructor(view: ChainView, { owner, head }: ChainEnds, now: () => number) {
    this.#view = view;
    this.#store = view.store;
    this.#now = now;
    this.owner = owner;
    this.#head = head;
    this.provider = chainProvider({
      view,
      archive: new Archive(view.store, view.common),
      head: () => this.#head,
      send: (raw) => this.#send(raw),
    });
    this.transport = custom(this.provider, { retryCount: 0 });
  }

  /** Whether a block could not be written: the chain has to be closed and opened again to take more. */
  get hasFailed(): boolean {
    return this.#failure !== undefined;
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
      if (this.#failure !== undefined) throw this.#failure;
      const parent = this.#head;
      await this.#checkNonce(parent, tx);
      await this.#append(await this.#execute(parent, tx));
    });
    return bytesToHex(tx.hash());
  }

  async #append(executed: ExecutedBlock): Promise<void> {
    const number = Number(executed.block.header.number);
    try {
      await written(number, async () => {
        await this.#store.write(blockRecords(executed));
        this.#head = executed.block;
        await this.#store.note(number);
      });
    } catch (failure) {
      this.#failure = failure;
      throw failure;
    }
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

async function loadEnds(view: ChainView, options: ChainOptions): Promise<ChainEnds> {
  const { store } = view;
  const archive = new Archive(store, view.common);
  const head = await archive.head();
  checkNote(store, head?.number);
  if (head === undefined) return await makeFirstBlock(view, options);
  const first = await archive.block(0);
  const owner = getAddress(bytesToHex(first.header.extraData));
  if (options.account !== undefined && getAddress(options.account) !== owner) {
    const text = `${store.description}: the chain belongs to account ${owner}, got ${options.account}`;
    throw new LedgerError("wrong-chain", text);
  }
  const last = await archive.block(head.number);
  if (options.account !== undefined && store.notedBlock !== head.number)
    await written(head.number, () => store.note(head.number));
  return { owner, head: last };
}

/** Throws `damaged-block` unless the note is that of the head or the block before: it is written after its block. */
function checkNote({ description, notedBlock }: RecordStore, head = -1): void {
  const block = head + 1;
  if (notedBlock !== undefined && notedBlock > head) {
    const text = `block ${block}: it is missing, and ${description} had blocks up to ${notedBlock}`;
    throw new LedgerError("damaged-block", text, { block });
  }
  if (head <= 0 || (notedBlock !== undefined && notedBlock >= head - 1)) return;
  const got = notedBlock === undefined ? "none" : `block ${notedBlock}`;
  const text = `${description}: the note of the last block is damaged: got ${got}, wanted block ${head}`;
  throw new LedgerError("damaged-block", text);
}

async function makeFirstBlock(view: ChainView, options: ChainOptions): Promise<ChainEnds> {
  const { store } = view;
  const { account, now } = options;
  if (account === undefined || !mayMake(options)) {
    const text = `${store.description}: the chain has no block; restore it from a backup`;
    throw new LedgerError("missing-chain", text);
  }
  const timestamp = BigInt(Math.floor(now() / 1000));
  const executed = await executeGenesis(view, hexToBytes(account), timestamp);
  await written(0, async () => {
    await store.write(blockRecords(executed));
    await store.note(0);
  });
  return { owner: getAddress(account), head: executed.block };
}

/** Does the writing that belongs to a block. Throws LedgerError `unwritable` when it fails. */
async function written(block: number, write: () => Promise<void>): Promise<void> {
  try {
    await write();
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : "unknown reason";
    const remedy = isOutOfFiles(reason)
      ? "raise the limit on open files (ulimit -n)"
      : "free or repair the disk that holds the chain";
    const text = `block ${block} could not be written: ${reason}; ${remedy}`;
    throw new LedgerError("unwritable", text, { cause, block });
  }
}

/** Whether Node or LevelDB, which gives no code, says that the process or the system has too many files open. */
function isOutOfFiles(reason: string): boolean {
  return /too many open files|file table overflow/i.test(reason);
}

function mayMake({ account, mustExist = false }: ChainOptions): boolean {
  return account !== undefined && !mustExist;
}

/** ethereumjs ends its messages with a dump of its settings in brackets. */
function rejected(error: unknown): RpcError {
  const text = error instanceof Error ? error.message : "unknown reason";
  return new RpcError(rpcCodes.transactionRejected, text.split(" (vm hf")[0] ?? text);
}
