import { BaseError, ContractFunctionRevertedError, decodeErrorResult, type Hex } from "viem";
import { fromHex } from "../entry-hash.ts";
import { roundLedgerAbi } from "../generated/round-ledger.ts";
import { LedgerError, type RoundRecord } from "../ledger.ts";
import { planChanged, wrongParent, wrongRound } from "../run-rules.ts";

/** The round got a record between two of our questions: look again. */
export class RoundTaken extends LedgerError {
  constructor(record: RoundRecord) {
    super("conflict", `round ${record.round} of run ${record.runId} was committed meanwhile`);
  }
}

/** What the contract has against a record, from viem's error; undefined when the error is not the contract's refusal. */
export function commitRefusal(record: RoundRecord, error: unknown): LedgerError | undefined {
  const data = revertData(error);
  if (data === undefined) return undefined;
  const reason = decodeErrorResult({ abi: roundLedgerAbi, data });
  switch (reason.errorName) {
    case "RoundAlreadyCommitted":
      return new RoundTaken(record);
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
