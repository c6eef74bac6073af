import { type Address, type Hex, numberToHex } from "viem";
import { Turns } from "../turns.ts";
import { type Provider, unknownMethod } from "./provider.ts";
import { invalidParams, RpcError, rpcCodes } from "./rpc-error.ts";
import { isNone, parseAddress, parseObject } from "./rpc-params.ts";

/** What strangers may ask, besides eth_call. None of these executes a contract's code. */
const readMethods: ReadonlySet<string> = new Set([
  "eth_blockNumber",
  "eth_chainId",
  "eth_gasPrice",
  "eth_getBalance",
  "eth_getBlockByHash",
  "eth_getBlockByNumber",
  "eth_getCode",
  "eth_getLogs",
  "eth_getStorageAt",
  "eth_getTransactionByHash",
  "eth_getTransactionCount",
  "eth_getTransactionReceipt",
  "eth_maxPriorityFeePerGas",
  "eth_syncing",
  "net_version",
  "web3_clientVersion",
]);

/** Ten times what the dearer of the ledger's two questions takes, headOf (measured: 5 and 10 thousand). */
const callGas = 100_000;

/** A reader of a history asks 16 questions at once. */
const maxWaiting = 128;

/**
 * The part of a provider that may be shown to anybody: questions only, one at a time, and of the contracts only the ledger's
 * may be called. Throws RpcError -32601 for other methods, -32602 for other calls, -32005 when too many questions wait.
 * `ledger` is the contract's address once it is known.
 */
export function publicProvider(provider: Provider, ledger: () => Address | undefined): Provider {
  const turns = new Turns();
  let waiting = 0;
  return {
    async request({ method, params }) {
      const asked = Array.isArray(params) ? params : [];
      if (method !== "eth_call" && !readMethods.has(method)) throw unknownMethod(method);
      const allowed = method === "eth_call" ? boundedCall(asked, ledger()) : asked;
      if (waiting >= maxWaiting) throw new RpcError(rpcCodes.limitExceeded, "too many questions");
      waiting += 1;
      try {
        return await turns.run(() => provider.request({ method, params: allowed }));
      } finally {
        waiting -= 1;
      }
    },
  };
}

/** The parameters of eth_call, without what could make it dear. */
function boundedCall(params: readonly unknown[], ledger: Address | undefined): readonly unknown[] {
  const [message, block, ...overrides] = params;
  if (!overrides.every(isNone)) throw invalidParams("call: there are no overrides here");
  const { to, data, input } = parseObject(message, "call");
  const address: Hex = parseAddress(to, "to").toString();
  if (ledger === undefined || address !== ledger.toLowerCase()) {
    const wanted = ledger ?? "none, as there is no ledger yet";
    throw invalidParams(`to: got ${address}, wanted the ledger's address, ${wanted}`);
  }
  return [{ to: address, data: data ?? input, gas: numberToHex(callGas) }, block];
}
