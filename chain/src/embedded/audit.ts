import type { Block } from "@ethereumjs/block";
import { bytesToHex } from "@ethereumjs/util";
import { LedgerError } from "../ledger.ts";
import { Archive, blockRecords, headRecord } from "./archive.ts";
import { type ChainView, type ExecutedBlock, executeBlock, executeGenesis } from "./execution.ts";
import type { Batch } from "./record-store.ts";

/** What an audit went through without finding damage. */
export interface AuditReport {
  /** Number of blocks, the first one included. */
  readonly blocks: number;
}

/**
 * Makes every block again from the one before, beginning with nothing, and compares all that it adds to the store (block,
 * receipts, indices, every trie node, code) byte for byte with what the store holds. Memory: one block. Throws LedgerError
 * `damaged-block` naming the first block that does not come out. Blocks that the end of a chain has lost are found when it is
 * opened; an end that was taken away together with its note, only by somebody who knows a later head.
 */
export async function auditChain(view: ChainView, signal: AbortSignal): Promise<AuditReport> {
  const archive = new Archive(view.store, view.common);
  const head = await archive.head();
  if (head === undefined) throw damaged(0, `record ${headRecord} is missing`);
  let parent: Block | undefined;
  for (let number = 0; number <= head.number; number += 1) {
    signal.throwIfAborted();
    const kept = await archive.block(number);
    const remade = await remake(view, parent, kept, number);
    await compareRecords(view, blockRecords(remade), number);
    parent = kept;
  }
  const lastHash = parent === undefined ? "none" : bytesToHex(parent.hash());
  if (head.hash !== lastHash) throw damaged(head.number, "the head names another block");
  return { blocks: head.number + 1 };
}

async function remake(
  view: ChainView,
  parent: Block | undefined,
  kept: Block,
  number: number,
): Promise<ExecutedBlock> {
  const { timestamp, extraData } = kept.header;
  try {
    if (parent === undefined) return await executeGenesis(view, extraData, timestamp);
    const [tx, ...others] = kept.transactions;
    if (tx === undefined || others.length > 0) {
      throw damaged(number, `it holds ${kept.transactions.length} transactions, wanted 1`);
    }
    return await executeBlock(view, parent, tx, timestamp);
  } catch (cause) {
    if (cause instanceof LedgerError) throw cause;
    throw damaged(number, "it cannot be executed", cause);
  }
}

async function compareRecords(view: ChainView, remade: Batch, number: number): Promise<void> {
  for (const [name, bytes] of remade) {
    if (name === headRecord) continue;
    const kept = await readRecord(view, name, number);
    if (kept === undefined) throw damaged(number, `record ${name} is missing`);
    if (Buffer.compare(kept, bytes) !== 0) throw damaged(number, `record ${name} is damaged`);
  }
}

/** What the store itself finds damaged is named after the block that wrote it. */
async function readRecord(
  view: ChainView,
  name: string,
  number: number,
): Promise<Uint8Array | undefined> {
  try {
    return await view.store.get(name);
  } catch (cause) {
    if (cause instanceof LedgerError && cause.code === "damaged-block") {
      throw damaged(number, `record ${name} is damaged`, cause);
    }
    throw cause;
  }
}

function damaged(block: number, what: string, cause?: unknown): LedgerError {
  return new LedgerError("damaged-block", `block ${block}: ${what}`, { cause, block });
}
