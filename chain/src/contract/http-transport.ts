import { http, type Transport } from "viem";

/** Reaches an Ethereum node by JSON-RPC over HTTP. The URL, which may hold a key, is in no LedgerError. */
export function httpTransport(url: string): Transport {
  return http(url);
}
