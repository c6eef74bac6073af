import { type Block, createBlockFromRLP } from "@ethereumjs/block";
import type { Common } from "@ethereumjs/common";
import { bytesToHex } from "@ethereumjs/util";
import type { Hex } from "viem";
import { LedgerError } from "../ledger.ts";
import type { ExecutedBlock } from "./execution.ts";
import type { BlockHashes } from "./machine.ts";
import type { Batch, RecordStore } from "./record-store.ts";
import type { RpcReceipt } from "./rpc-objects.ts";
import { sealRecord, unsealRecord } from "./sealed-record.ts";

/** The last block's place. */
interface ChainHead {
  readonly number: number;
  readonly hash: Hex;
}

/** Name of the record that says which block is the last. It alone is replaced; the others never change. */
export const headRecord = "head";

/**
 * Everything that a block adds to the store, head included: to be written in one batch. State proves itself by its key;
 * every other record is sealed.
 */
export function blockRecords(executed: ExecutedBlock): Batch {
  const { block, receipts, state } = executed;
  const number = Number(block.header.number);
  const hash = bytesToHex(block.hash());
  const records = new Map(state);
  records.set(`block:${number}`, sealRecord(block.serialize()));
  records.set(`receipts:${number}`, sealJson(receipts));
  records.set(`number-of:${hash}`, sealJson(number));
  for (const { transactionHash } of receipts) {
    records.set(`block-of:${transactionHash}`, sealJson(number));
  }
  const head: ChainHead = { number, hash };
  return records.set(headRecord, sealJson(head));
}

/** Reads what {@link blockRecords} made. Damage is LedgerError `damaged-block`, named after the block. */
export class Archive implements BlockHashes {
  readonly #store: RecordStore;
  readonly #common: Common;

  constructor(store: RecordStore, common: Common) {
    this.#store = store;
    this.#common = common;
  }

  /** Undefined for a chain that has no block yet. */
  async head(): Promise<ChainHead | undefined> {
    return await this.#json<ChainHead>(headRecord, "the chain's last block");
  }

  /** A block up to the head. A missing one is damage. */
  async block(number: number): Promise<Block> {
    const name = `block:${number}`;
    const bytes = await this.#unsealed(name, `block ${number}`, number);
    if (bytes === undefined) throw missing(number, name);
    return createBlockFromRLP(bytes, { common: this.#common });
  }

  async hashOf(number: number): Promise<Uint8Array> {
    return (await this.block(number)).hash();
  }

  /** The receipts of a block up to the head. */
  async receipts(number: number): Promise<readonly RpcReceipt[]> {
    const name = `receipts:${number}`;
    const receipts = await this.#json<readonly RpcReceipt[]>(name, `block ${number}`, number);
    if (receipts === undefined) throw missing(number, name);
    return receipts;
  }

  /** Number of the block with that hash, undefined when there is none. */
  async numberOf(blockHash: Hex): Promise<number | undefined> {
    return await this.#json<number>(`number-of:${blockHash}`, `block ${blockHash}`);
  }

  /** Number of the block that holds the transaction, undefined when none does. */
  async blockOf(transactionHash: Hex): Promise<number | undefined> {
    return await this.#json<number>(
      `block-of:${transactionHash}`,
      `the block of transaction ${transactionHash}`,
    );
  }

  /** `T` is what {@link blockRecords} sealed under that name: the seal is what makes it so. */
  async #json<T>(name: string, what: string, block?: number): Promise<T | undefined> {
    const bytes = await this.#unsealed(name, what, block);
    return bytes === undefined ? undefined : JSON.parse(new TextDecoder().decode(bytes));
  }

  async #unsealed(name: string, what: string, block?: number): Promise<Uint8Array | undefined> {
    const sealed = await this.#store.get(name);
    if (sealed === undefined) return undefined;
    const payload = unsealRecord(sealed);
    if (payload === undefined) {
      const at = block === undefined ? {} : { block };
      throw new LedgerError("damaged-block", `${what}: record ${name} is damaged`, at);
    }
    return payload;
  }
}

function missing(block: number, name: string): LedgerError {
  return new LedgerError("damaged-block", `block ${block}: record ${name} is missing`, { block });
}

function sealJson(value: unknown): Uint8Array {
  return sealRecord(new TextEncoder().encode(JSON.stringify(value)));
}
