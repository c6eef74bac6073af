import { Address, hexToBytes } from "@ethereumjs/util";
import type { Hex } from "viem";
import type { CallMessage } from "./call.ts";
import { invalidParams } from "./rpc-error.ts";

/** Which logs eth_getLogs is to return. `topics[i]`: the values that topic i may have, undefined for any. */
export interface LogFilter {
  readonly fromBlock: unknown;
  readonly toBlock: unknown;
  readonly addresses: readonly Hex[] | undefined;
  readonly topics: readonly (readonly Hex[] | undefined)[];
}

/** No request needs more; bounds what a stranger's request can make the process allocate. */
const maxDataDigits = 262_144;

/** Bytes as 0x and an even number of hexadecimal digits, in lowercase. */
export function parseData(value: unknown, what: string): Hex {
  if (!isHex(value) || value.length % 2 !== 0) throw invalidParams(`${what}: wanted bytes, 0x…`);
  if (value.length > maxDataDigits) throw invalidParams(`${what}: got more than 128 KiB`);
  return lowercase(value);
}

/** 32 bytes. */
export function parseHash(value: unknown, what: string): Hex {
  const hash = parseData(value, what);
  if (hash.length !== 66) throw invalidParams(`${what}: wanted 32 bytes, 0x…`);
  return hash;
}

/** An account's or a contract's address, 20 bytes. */
export function parseAddress(value: unknown, what: string): Address {
  const hex = parseData(value, what);
  if (hex.length !== 42) throw invalidParams(`${what}: wanted an address, 20 bytes, 0x…`);
  return new Address(hexToBytes(hex));
}

/** A number as 0x and 1 to 64 hexadecimal digits. */
export function parseQuantity(value: unknown, what: string): bigint {
  if (!isHex(value) || value.length < 3 || value.length > 66) {
    throw invalidParams(`${what}: wanted a number, 0x…`);
  }
  return BigInt(value);
}

/** A block number, or a tag. Every block of this chain is final at once, so all tags but "earliest" mean the last. */
export function parseBlock(value: unknown, head: number): number {
  switch (value) {
    case undefined:
    case null:
    case "latest":
    case "pending":
    case "safe":
    case "finalized":
      return head;
    case "earliest":
      return 0;
    default:
      return Number(parseQuantity(value, "block"));
  }
}

/** The message of eth_call and eth_estimateGas; what it says of fees is not looked at. */
export function parseCall(message: unknown): CallMessage {
  const { from, to, data, input, value, gas } = parseObject(message, "call");
  return {
    from: isNone(from) ? undefined : parseAddress(from, "from"),
    to: isNone(to) ? undefined : parseAddress(to, "to"),
    data: parseData(data ?? input ?? "0x", "data"),
    value: isNone(value) ? 0n : parseQuantity(value, "value"),
    gas: isNone(gas) ? undefined : parseQuantity(gas, "gas"),
  };
}

/** The filter of eth_getLogs. By block hash is not served. */
export function parseLogFilter(value: unknown): LogFilter {
  const { fromBlock, toBlock, address, topics, blockHash } = parseObject(value, "filter");
  if (!isNone(blockHash)) throw invalidParams("blockHash: wanted fromBlock and toBlock instead");
  if (!isNone(topics) && !Array.isArray(topics)) throw invalidParams("topics: wanted an array");
  return {
    fromBlock,
    toBlock,
    addresses: anyOf(address, "address")?.map((one) => parseAddress(one, "address").toString()),
    topics: (topics ?? []).map((topic: unknown) =>
      anyOf(topic, "topic")?.map((one) => parseHash(one, "topic")),
    ),
  };
}

/** One value or several as several; undefined for none, which matches anything. */
function anyOf(value: unknown, what: string): readonly unknown[] | undefined {
  if (isNone(value)) return undefined;
  const values: readonly unknown[] = Array.isArray(value) ? value : [value];
  if (values.length > 100) throw invalidParams(`${what}: got more than 100 alternatives`);
  return values;
}

/** The fields of an object. */
export function parseObject(value: unknown, what: string): Record<string, unknown> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw invalidParams(`${what}: wanted an object`);
  }
  return { ...value };
}

/** Whether a parameter was left out. */
export function isNone(value: unknown): value is undefined | null {
  return value === undefined || value === null;
}

function isHex(value: unknown): value is Hex {
  return typeof value === "string" && /^0x[0-9a-fA-F]*$/.test(value);
}

function lowercase(hex: Hex): Hex {
  return `0x${hex.slice(2).toLowerCase()}`;
}
