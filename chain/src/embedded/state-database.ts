import { type BatchDBOp, type DB, KECCAK256_RLP_S } from "@ethereumjs/util";
import { keccak256 } from "viem";
import { LedgerError } from "../ledger.ts";
import type { RecordStore } from "./record-store.ts";

type Value = string | Uint8Array;

/** Digits of the keccak256 at the end of every key: trie nodes have nothing else, code has a prefix. */
const hashDigits = 64;
const emptyTrie = KECCAK256_RLP_S.slice(2);

/**
 * The state behind one block's execution: reads what earlier blocks wrote, keeps what this one writes. Every key ends in
 * the keccak256 of its value, and every value that is read is checked against it. State is only ever added, so that the
 * state after each block stays readable.
 */
export class StateDatabase implements DB<string, Value> {
  readonly #store: RecordStore;
  readonly #block: number;
  readonly #written = new Map<string, Uint8Array>();
  readonly #known = new Set<string>();

  /** `block` is the block that is executed or looked at; errors name it. */
  constructor(store: RecordStore, block: number) {
    this.#store = store;
    this.#block = block;
  }

  /** What the execution added, by record name. */
  get written(): ReadonlyMap<string, Uint8Array> {
    return this.#written;
  }

  /** Throws LedgerError `damaged-block` for a value that is missing or not the one that was written. */
  async get(key: string): Promise<Uint8Array | undefined> {
    if (key === emptyTrie) return undefined;
    const name = recordName(key);
    const added = this.#written.get(name);
    if (added !== undefined) return added;
    const value = await this.#store.get(name);
    if (value === undefined) throw this.#damaged(name, "missing");
    if (keccak256(value) !== `0x${key.slice(-hashDigits)}`) throw this.#damaged(name, "damaged");
    this.#known.add(name);
    return value;
  }

  /** A trie hands back what it only read; that is not kept again. */
  async put(key: string, value: Value): Promise<void> {
    if (typeof value === "string") throw new Error("got a state value as text, wanted bytes");
    const name = recordName(key);
    if (!this.#known.has(name)) this.#written.set(name, value);
  }

  async del(): Promise<void> {
    throw new Error("state is never deleted");
  }

  async batch(operations: BatchDBOp<string, Value>[]): Promise<void> {
    for (const operation of operations) {
      if (operation.type === "put") await this.put(operation.key, operation.value);
      else await this.del();
    }
  }

  shallowCopy(): this {
    return this;
  }

  async open(): Promise<void> {}

  #damaged(name: string, how: string): LedgerError {
    return new LedgerError("damaged-block", `block ${this.#block} needs ${name}, which is ${how}`);
  }
}

function recordName(key: string): string {
  return `state:${key}`;
}
