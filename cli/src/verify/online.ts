import { join } from "node:path";
import type { Hash } from "@chorus/aggregation";
import { knownContract, type LedgerReader } from "@chorus/chain";
import { CliError } from "../cli-error.ts";
import { type CoordinatorChoice, readRunningInfo } from "../operator/connection.ts";
import { findRun, Operator } from "../operator/operator.ts";
import { type HistorySource, noFile, type OpenHistory, type UnreadFile } from "./history.ts";
import { emptyLedger, type LedgerChoice, openRpcLedger } from "./ledger-choice.ts";

/**
 * Reads runs from a coordinator that runs: its operators' service for the rounds and their files, JSON-RPC for the chain.
 * Throws {@link CliError} as {@link Operator.open} does, and `wrong-usage` when the chain cannot be told.
 */
export async function openOnlineHistory(
  choice: CoordinatorChoice,
  ledgerChoice: LedgerChoice,
  signal: AbortSignal,
): Promise<OpenHistory> {
  const ledger = await openLedger(choice, ledgerChoice, signal);
  const operator = await Operator.open(choice);
  return {
    ledger,
    source: new OnlineHistory(operator),
    findRun: async (prefix, until) => (await findRun(operator, prefix, until)).runId,
    async [Symbol.asyncDispose]() {
      operator[Symbol.dispose]();
    },
  };
}

class OnlineHistory implements HistorySource {
  readonly description =
    "the coordinator, which runs: its store itself is checked when it does not";
  readonly #operator: Operator;

  constructor(operator: Operator) {
    this.#operator = operator;
  }

  details(runId: Hash, signal: AbortSignal) {
    return this.#operator.getRun(runId, signal);
  }

  async file(hash: Hash, mostBytes: number, signal: AbortSignal): Promise<Uint8Array | UnreadFile> {
    try {
      return await this.#operator.fetchFile(hash, mostBytes, signal);
    } catch (error) {
      if (!(error instanceof CliError)) throw error;
      if (error.code === "unknown-run") return noFile;
      // It has the file and does not give it, or gives too much.
      if (error.code === "failed") return { problem: error.message };
      throw error;
    }
  }

  async storedFacts() {
    return { federationId: undefined, rounds: new Map() };
  }

  async audit() {
    return [];
  }
}

/** What was not said about the chain is taken from the data directory of a coordinator on this machine. */
async function openLedger(
  { coordinator, dataDirectory }: CoordinatorChoice,
  chosen: LedgerChoice,
  signal: AbortSignal,
): Promise<LedgerReader> {
  if (coordinator !== undefined) return await openRpcLedger(chosen, signal);
  const info = await readRunningInfo(dataDirectory);
  const embeddedUrl = info?.chain === "embedded" ? `http://${info.httpAddress}/chain` : undefined;
  const contract =
    chosen.contract ?? (await knownContract(join(dataDirectory, "keys", "contract")));
  if (contract === undefined) return emptyLedger;
  const chainUrl = chosen.chainUrl ?? embeddedUrl;
  const committer = chosen.committer ?? info?.committer;
  return await openRpcLedger({ chainUrl, contract, committer }, signal);
}
