import { bytesToHex } from "@ethereumjs/util";
import type { Hex } from "viem";

/** The codes of EIP-1474 that the chain uses, and 3 for a revert, as geth has it. */
export const rpcCodes = {
  executionReverted: 3,
  transactionRejected: -32003,
  resourceNotFound: -32001,
  methodNotFound: -32601,
  invalidParams: -32602,
  limitExceeded: -32005,
} as const;

type RpcCode = (typeof rpcCodes)[keyof typeof rpcCodes];

/** A refusal in the form that EIP-1193 prescribes for providers: a number as `code`, and `data` for reverts. */
export class RpcError extends Error {
  override readonly name = "RpcError";
  readonly code: RpcCode;
  readonly data: Hex | undefined;

  constructor(code: RpcCode, message: string, data?: Hex) {
    super(message);
    this.code = code;
    this.data = data;
  }
}

/** The message reverted; `returned` is the ABI-encoded reason. */
export function executionReverted(returned: Uint8Array): RpcError {
  return new RpcError(rpcCodes.executionReverted, "execution reverted", bytesToHex(returned));
}

/** The parameters of a request are not what the method takes. */
export function invalidParams(what: string): RpcError {
  return new RpcError(rpcCodes.invalidParams, what);
}
