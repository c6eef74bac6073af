import { type Block, createBlock } from "@ethereumjs/block";
import type { Common } from "@ethereumjs/common";
import type { TypedTransaction } from "@ethereumjs/tx";
import { Account, Address } from "@ethereumjs/util";
import { buildBlock } from "@ethereumjs/vm";
import { type BlockHashes, createMachine } from "./machine.ts";
import type { Batch, RecordStore } from "./record-store.ts";
import { type RpcReceipt, rpcReceipt } from "./rpc-objects.ts";
import { StateDatabase } from "./state-database.ts";

/** More than anything here needs: the contract's deployment takes 0.45 million, a run's first commit 0.12 (measured). */
const blockGasLimit = 30_000_000n;

/** A million ether: fees on this chain guard nothing, so its one account never runs out. */
const initialBalance = 10n ** 24n;

/** A block that was executed, and everything that it adds to the state. */
export interface ExecutedBlock {
  readonly block: Block;
  readonly receipts: readonly RpcReceipt[];
  readonly state: Batch;
}

/** What execution needs of the chain: all of it is read, none of it is changed. */
export interface ChainView {
  readonly common: Common;
  readonly store: RecordStore;
  readonly hashes: BlockHashes;
}

/**
 * The first block: `account` owns all there is, and is named in the header's extra data, so that the chain can be made
 * again from the block alone. `timestamp` in seconds since 1970.
 */
export async function executeGenesis(
  view: ChainView,
  account: Uint8Array,
  timestamp: bigint,
): Promise<ExecutedBlock> {
  const { common, store, hashes } = view;
  const database = new StateDatabase(store, 0);
  const { state } = await createMachine(common, database, undefined, hashes);
  await state.putAccount(new Address(account), new Account(0n, initialBalance));
  const stateRoot = await state.getStateRoot();
  const header = {
    stateRoot,
    timestamp,
    gasLimit: blockGasLimit,
    baseFeePerGas: 1n,
    extraData: account,
  };
  const block = createBlock({ header }, { common });
  return { block, receipts: [], state: database.written };
}

/**
 * The block after `parent` that holds the transaction. Made from these arguments alone: the same ones make the same block,
 * bit for bit. Throws ethereumjs's error for a transaction that cannot be included, LedgerError `damaged-block` for a
 * damaged state.
 */
export async function executeBlock(
  view: ChainView,
  parent: Block,
  tx: TypedTransaction,
  timestamp: bigint,
): Promise<ExecutedBlock> {
  const { common, store, hashes } = view;
  const database = new StateDatabase(store, Number(parent.header.number) + 1);
  const { vm } = await createMachine(common, database, parent.header.stateRoot, hashes);
  const builder = await buildBlock(vm, {
    parentBlock: parent,
    headerData: { timestamp, gasLimit: blockGasLimit },
    blockOpts: { putBlockIntoBlockchain: false },
  });
  const result = await builder.addTransaction(tx);
  const { block } = await builder.build();
  return { block, receipts: [rpcReceipt(block, tx, result)], state: database.written };
}
