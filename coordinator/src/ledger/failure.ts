import { LedgerError } from "@chorus/chain";
import { StoreError } from "../store/store.ts";

/** How a failed commit is told. */
export interface CommitFailure {
  /** For people, beginning with the error's code. */
  readonly problem: string;
  /** For the metric: the error's code, "store-…" when it is the store's. */
  readonly outcome: string;
  /** For the log. */
  readonly level: "warn" | "error";
  readonly sentence: string;
}

/** What to tell of an error. Whatever is neither the chain's nor the store's is a bug. */
export function failureOf(error: unknown): CommitFailure {
  if (error instanceof LedgerError) {
    return {
      problem: `${error.code}: ${error.message}`,
      outcome: error.code,
      level: error.code === "unreachable" ? "warn" : "error",
      sentence: "the chain takes no commits; they wait in the outbox",
    };
  }
  if (error instanceof StoreError) {
    return {
      problem: `store ${error.code}: ${error.message}`,
      outcome: `store-${error.code}`,
      level: "error",
      sentence: "the store cannot tell or record what is committed; commits wait in the outbox",
    };
  }
  return {
    problem: "failed: a bug keeps rounds from being committed, which the log tells of",
    outcome: "failed",
    level: "error",
    sentence: "commits fail by a bug; they wait in the outbox",
  };
}

const ledgerRefusals: readonly string[] = ["conflict", "wrong-round", "broken-chain"];
const storeRefusals: readonly string[] = ["conflict", "unknown"];

/** Whether an error of a commit says something of its run alone: other runs may go on. RangeError: no ledger can hold it. */
export function concernsOneRun(error: unknown): boolean {
  if (error instanceof LedgerError) return ledgerRefusals.includes(error.code);
  if (error instanceof StoreError) return storeRefusals.includes(error.code);
  return error instanceof RangeError;
}
