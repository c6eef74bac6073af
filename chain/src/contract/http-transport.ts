import { http, type Transport } from "viem";
import { parsedUrl } from "./node-name.ts";

/**
 * Reaches an Ethereum node by JSON-RPC over HTTP. The URL, which may hold a key, is in no LedgerError: its host is. Throws
 * LedgerError `bad-address` for what is no such URL.
 */
export function httpTransport(url: string): Transport {
  return http(parsedUrl(url).href);
}
