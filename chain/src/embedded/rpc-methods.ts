import type { Block } from "@ethereumjs/block";
import { bytesToHex, hexToBytes, setLengthLeft } from "@ethereumjs/util";
import { type Hex, numberToHex } from "viem";
import type { Archive } from "./archive.ts";
import { call, estimateGas, machineAfter } from "./call.ts";
import type { ChainView } from "./execution.ts";
import { findLogs } from "./logs.ts";
import { EMBEDDED_CHAIN_ID, type Machine } from "./machine.ts";
import { RpcError, rpcCodes } from "./rpc-error.ts";
import { rpcBlock, rpcTransaction } from "./rpc-objects.ts";
import * as parse from "./rpc-params.ts";

/** What the methods work on. */
export interface ProviderChain {
  readonly view: ChainView;
  readonly archive: Archive;
  /** The last block. */
  readonly head: () => Block;
  /** Makes a block of a signed transaction and returns the transaction's hash. */
  readonly send: (raw: Hex) => Promise<Hex>;
}

/** What answers a method: takes the request's parameters, returns what is sent as JSON. */
type Method = (params: readonly unknown[]) => unknown;

/** Every method of the chain by name. Source of names and forms: Ethereum execution-apis. */
export function chainMethods(chain: ProviderChain): readonly [string, Method][] {
  return [
    ...constantMethods(chain),
    ...blockMethods(chain),
    ...transactionMethods(chain),
    ...stateMethods(chain),
    ...callMethods(chain),
    ["eth_sendRawTransaction", ([raw]) => chain.send(parse.parseData(raw, "transaction"))],
  ];
}

/** Transactions are never dear here: the base fee stays at 1 wei and nobody is tipped. */
function constantMethods({ head }: ProviderChain): [string, Method][] {
  return [
    ["eth_chainId", () => numberToHex(EMBEDDED_CHAIN_ID)],
    ["net_version", () => String(EMBEDDED_CHAIN_ID)],
    ["web3_clientVersion", () => "chorus-embedded"],
    ["eth_syncing", () => false],
    ["eth_blockNumber", () => numberToHex(head().header.number)],
    ["eth_gasPrice", () => numberToHex(head().header.calcNextBaseFee())],
    ["eth_maxPriorityFeePerGas", () => "0x0"],
  ];
}

function blockMethods({ archive, head }: ProviderChain): [string, Method][] {
  return [
    [
      "eth_getBlockByNumber",
      async ([tag, full]) => {
        const number = parse.parseBlock(tag, Number(head().header.number));
        if (number > head().header.number) return null;
        return rpcBlock(await archive.block(number), full === true);
      },
    ],
    [
      "eth_getBlockByHash",
      async ([hash, full]) => {
        const number = await archive.numberOf(parse.parseHash(hash, "block hash"));
        return number === undefined ? null : rpcBlock(await archive.block(number), full === true);
      },
    ],
    [
      "eth_getLogs",
      async ([value]) => {
        const filter = parse.parseLogFilter(value);
        const last = Number(head().header.number);
        const from = parse.parseBlock(filter.fromBlock, last);
        const to = Math.min(parse.parseBlock(filter.toBlock, last), last);
        return await findLogs(archive, from, to, filter);
      },
    ],
  ];
}

function transactionMethods({ archive }: ProviderChain): [string, Method][] {
  const blockOf = async (hash: unknown) => {
    const number = await archive.blockOf(parse.parseHash(hash, "transaction hash"));
    return number === undefined ? undefined : await archive.block(number);
  };
  return [
    [
      "eth_getTransactionByHash",
      async ([hash]) => {
        const block = await blockOf(hash);
        const tx = block?.transactions[0];
        return block === undefined || tx === undefined ? null : rpcTransaction(block, tx);
      },
    ],
    [
      "eth_getTransactionReceipt",
      async ([hash]) => {
        const block = await blockOf(hash);
        if (block === undefined) return null;
        return (await archive.receipts(Number(block.header.number)))[0] ?? null;
      },
    ],
  ];
}

function stateMethods(chain: ProviderChain): [string, Method][] {
  const stateAt = async (tag: unknown): Promise<Machine["state"]> =>
    (await machineAfter(chain.view, await blockAt(chain, tag))).state;
  return [
    [
      "eth_getBalance",
      async ([address, tag]) => {
        const account = await (await stateAt(tag)).getAccount(
          parse.parseAddress(address, "address"),
        );
        return numberToHex(account?.balance ?? 0n);
      },
    ],
    [
      "eth_getTransactionCount",
      async ([address, tag]) => {
        const account = await (await stateAt(tag)).getAccount(
          parse.parseAddress(address, "address"),
        );
        return numberToHex(account?.nonce ?? 0n);
      },
    ],
    [
      "eth_getCode",
      async ([address, tag]) =>
        bytesToHex(await (await stateAt(tag)).getCode(parse.parseAddress(address, "address"))),
    ],
    [
      "eth_getStorageAt",
      async ([address, slot, tag]) => {
        const at = parse.parseAddress(address, "address");
        const key = hexToBytes(numberToHex(parse.parseQuantity(slot, "slot"), { size: 32 }));
        return bytesToHex(setLengthLeft(await (await stateAt(tag)).getStorage(at, key), 32));
      },
    ],
  ];
}

function callMethods(chain: ProviderChain): [string, Method][] {
  return [
    [
      "eth_call",
      async ([message, tag]) => {
        const block = await blockAt(chain, tag);
        return bytesToHex(await call(chain.view, block, parse.parseCall(message)));
      },
    ],
    [
      "eth_estimateGas",
      async ([message, tag]) => {
        const block = await blockAt(chain, tag);
        return numberToHex(await estimateGas(chain.view, block, parse.parseCall(message)));
      },
    ],
  ];
}

/** A block whose state is asked for. Throws RpcError -32001 for one that does not exist yet. */
async function blockAt({ archive, head }: ProviderChain, tag: unknown): Promise<Block> {
  const last = head();
  const number = parse.parseBlock(tag, Number(last.header.number));
  if (number === Number(last.header.number)) return last;
  if (number < last.header.number) return await archive.block(number);
  throw new RpcError(rpcCodes.resourceNotFound, `there is no block ${number}`);
}
