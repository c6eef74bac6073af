import type { Block } from "@ethereumjs/block";
import { createFeeMarket1559Tx } from "@ethereumjs/tx";
import { type Address, hexToBytes } from "@ethereumjs/util";
import type { Hex } from "viem";
import type { ChainView } from "./execution.ts";
import { createMachine, type Machine } from "./machine.ts";
import { executionReverted } from "./rpc-error.ts";
import { StateDatabase } from "./state-database.ts";

/** A message that is tried out, not sent. `to` undefined: it would make a contract. */
export interface CallMessage {
  readonly from: Address | undefined;
  readonly to: Address | undefined;
  readonly data: Hex;
  readonly value: bigint;
  /** What it may take at most; undefined: {@link callGasLimit}, which is the most in any case. */
  readonly gas: bigint | undefined;
}

/** Ten times what deploying the contract takes. */
const callGasLimit = 5_000_000n;

/** The state after a block, to look at. */
export async function machineAfter(view: ChainView, block: Block): Promise<Machine> {
  const database = new StateDatabase(view.store, Number(block.header.number));
  return await createMachine(view.common, database, block.header.stateRoot, view.hashes);
}

/**
 * What the message would return if it were sent after the block. Throws RpcError 3 with the reason when it reverts,
 * or takes more gas than a call may.
 */
export async function call(
  view: ChainView,
  block: Block,
  message: CallMessage,
): Promise<Uint8Array> {
  return (await execute(view, block, message)).returnValue;
}

/**
 * Gas that is enough for the message: what it used plus a tenth, because calls between contracts hold back 1/64 of the gas
 * (EIP-150). Throws RpcError 3 when the message reverts.
 */
export async function estimateGas(
  view: ChainView,
  block: Block,
  message: CallMessage,
): Promise<bigint> {
  const { executionGasUsed } = await execute(view, block, message);
  const { to, data } = message;
  const fields = to === undefined ? { data } : { to, data };
  const intrinsicGas = createFeeMarket1559Tx(fields, { common: view.common }).getIntrinsicGas();
  return ((intrinsicGas + executionGasUsed) * 11n) / 10n;
}

async function execute(view: ChainView, block: Block, message: CallMessage) {
  const { vm } = await machineAfter(view, block);
  const { from, to, data, value, gas = callGasLimit } = message;
  const { execResult } = await vm.evm.runCall({
    block,
    ...(from === undefined ? {} : { caller: from }),
    ...(to === undefined ? {} : { to }),
    data: hexToBytes(data),
    value,
    gasLimit: gas < callGasLimit ? gas : callGasLimit,
    skipBalance: true,
  });
  if (execResult.exceptionError !== undefined) throw executionReverted(execResult.returnValue);
  return execResult;
}
