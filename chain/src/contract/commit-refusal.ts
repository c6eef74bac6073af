import { BaseError, ContractFunctionRevertedError, decodeErrorResult, type Hex } from "viem";
import { fromHex } from "../entry-hash.ts";
import { roundLedgerAbi } from "../generated/round-ledger.ts";
import type { LedgerError, RoundRecord } from "../ledger.ts";
import { alreadyCommitted, planChanged, wrongParent, wrongRound } from "../run-rules.ts";

/** What the contract has against a record, from viem's error; undefined when the error is not the contract's refusal. */
export function commitRefusal(record: RoundRecord, error: unknown): LedgerError | undefined {
  const data = revertData(error);
  if (data === undefined) return undefined;
  const reason = decodeErrorResult({ abi: roundLedgerAbi, data });
  switch (reason.errorName) {
    case "RoundAlreadyCommitted":
      return alreadyCommitted(record, fromHex(reason.args[1]));
    case "WrongRound":
      return wrongRound(record, Number(reason.args[0]));
    case "WrongParent":
      return wrongParent(record, fromHex(reason.args[0]));
    case "PlanChanged":
      return planChanged(record, fromHex(reason.args[0]));
    case "ZeroHash":
    case "NoSurvivors":
      throw new Error(`the contract refused a record that was checked: ${reason.errorName}`);
  }
}

/** The contract's own words; viem also says "reverted" where a node failed for reasons of its own. */
function revertData(error: unknown): Hex | undefined {
  if (!(error instanceof BaseError)) return undefined;
  const reverted = error.walk((cause) => cause instanceof ContractFunctionRevertedError);
  if (!(reverted instanceof ContractFunctionRevertedError)) return undefined;
  return reverted.data === undefined ? undefined : reverted.raw;
}
