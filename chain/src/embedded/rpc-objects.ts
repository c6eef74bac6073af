import type { Block } from "@ethereumjs/block";
import { isFeeMarket1559Tx, type TypedTransaction } from "@ethereumjs/tx";
import { bytesToHex } from "@ethereumjs/util";
import type { RunTxResult } from "@ethereumjs/vm";
import { type Hex, numberToHex } from "viem";

/** A log as the JSON-RPC method eth_getLogs returns it. */
export interface RpcLog {
  readonly address: Hex;
  readonly topics: readonly Hex[];
  readonly data: Hex;
  readonly blockNumber: Hex;
  readonly blockHash: Hex;
  readonly transactionHash: Hex;
  readonly transactionIndex: Hex;
  readonly logIndex: Hex;
  readonly removed: false;
}

/** A receipt as the JSON-RPC method eth_getTransactionReceipt returns it. Source: Ethereum execution-apis. */
export interface RpcReceipt {
  readonly transactionHash: Hex;
  readonly transactionIndex: Hex;
  readonly blockHash: Hex;
  readonly blockNumber: Hex;
  readonly from: Hex;
  readonly to: Hex | null;
  readonly cumulativeGasUsed: Hex;
  readonly gasUsed: Hex;
  readonly contractAddress: Hex | null;
  readonly status: Hex;
  readonly type: Hex;
  readonly effectiveGasPrice: Hex;
  readonly logsBloom: Hex;
  readonly logs: readonly RpcLog[];
}

/** Blocks of this chain hold at most one transaction, so all indices are 0. */
const onlyIndex = "0x0";

/** The receipt of the block's only transaction. */
export function rpcReceipt(block: Block, tx: TypedTransaction, result: RunTxResult): RpcReceipt {
  const place = placeOf(block, tx);
  const gasUsed = numberToHex(result.totalGasSpent);
  return {
    ...place,
    from: tx.getSenderAddress().toString(),
    to: tx.to?.toString() ?? null,
    cumulativeGasUsed: gasUsed,
    gasUsed,
    contractAddress: tx.to === undefined ? (result.createdAddress?.toString() ?? null) : null,
    status: result.execResult.exceptionError === undefined ? "0x1" : "0x0",
    type: numberToHex(tx.type),
    effectiveGasPrice: numberToHex(gasPrice(block, tx)),
    logsBloom: bytesToHex(result.bloom.bitvector),
    logs: (result.execResult.logs ?? []).map(([address, topics, data], index) => ({
      ...place,
      address: bytesToHex(address),
      topics: topics.map((topic) => bytesToHex(topic)),
      data: bytesToHex(data),
      logIndex: numberToHex(index),
      removed: false,
    })),
  };
}

/** A block as eth_getBlockByNumber returns it; `full`: with its transactions instead of their hashes. */
export function rpcBlock(block: Block, full: boolean): Record<string, unknown> {
  const { header, transactions } = block;
  return {
    number: numberToHex(header.number),
    hash: bytesToHex(block.hash()),
    parentHash: bytesToHex(header.parentHash),
    sha3Uncles: bytesToHex(header.uncleHash),
    logsBloom: bytesToHex(header.logsBloom),
    transactionsRoot: bytesToHex(header.transactionsTrie),
    stateRoot: bytesToHex(header.stateRoot),
    receiptsRoot: bytesToHex(header.receiptTrie),
    miner: header.coinbase.toString(),
    difficulty: numberToHex(header.difficulty),
    extraData: bytesToHex(header.extraData),
    size: numberToHex(block.serialize().length),
    gasLimit: numberToHex(header.gasLimit),
    gasUsed: numberToHex(header.gasUsed),
    timestamp: numberToHex(header.timestamp),
    baseFeePerGas: numberToHex(header.baseFeePerGas ?? 0n),
    mixHash: bytesToHex(header.mixHash),
    nonce: bytesToHex(header.nonce),
    uncles: [],
    transactions: transactions.map((tx) =>
      full ? rpcTransaction(block, tx) : bytesToHex(tx.hash()),
    ),
  };
}

/** A transaction as eth_getTransactionByHash returns it. */
export function rpcTransaction(block: Block, tx: TypedTransaction): Record<string, unknown> {
  const { transactionHash: hash, ...place } = placeOf(block, tx);
  const { data, gasLimit, ...fields } = tx.toJSON();
  return {
    ...fields,
    ...place,
    hash,
    input: data,
    gas: gasLimit,
    from: tx.getSenderAddress().toString(),
    to: tx.to?.toString() ?? null,
    type: numberToHex(tx.type),
    gasPrice: numberToHex(gasPrice(block, tx)),
  };
}

function placeOf(block: Block, tx: TypedTransaction) {
  return {
    transactionHash: bytesToHex(tx.hash()),
    transactionIndex: onlyIndex,
    blockHash: bytesToHex(block.hash()),
    blockNumber: numberToHex(block.header.number),
  } as const;
}

/** What a unit of gas cost the sender, in wei. Source: EIP-1559. */
function gasPrice(block: Block, tx: TypedTransaction): bigint {
  const baseFee = block.header.baseFeePerGas ?? 0n;
  if (isFeeMarket1559Tx(tx)) return baseFee + tx.getEffectivePriorityFee(baseFee);
  return "gasPrice" in tx ? tx.gasPrice : baseFee;
}
