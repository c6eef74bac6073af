import { httpTransport, type LedgerReader, openLedgerReader } from "@chorus/chain";
import { chainHost } from "../chain-url.ts";
import { CliError } from "../cli-error.ts";

/** The longest wait for one answer of a chain. */
export const chainTimeoutMs = 15_000;

/** What a person may say about the chain to read; undefined: what the data directory says. */
export interface LedgerChoice {
  /** JSON-RPC of the chain. */
  readonly chainUrl: string | undefined;
  /** The ledger's contract. */
  readonly contract: string | undefined;
  /** The account that committed the rounds. */
  readonly committer: string | undefined;
}

/** A ledger on which nothing was committed yet. */
export const emptyLedger: LedgerReader = {
  description: "none: no round is on a chain yet",
  history: async () => [],
};

/**
 * Opens a ledger by JSON-RPC. Throws {@link CliError} `wrong-usage` for what is missing or no address, LedgerError
 * `unreachable`, `wrong-chain`.
 */
export async function openRpcLedger(
  { chainUrl, contract, committer }: LedgerChoice,
  signal: AbortSignal,
): Promise<LedgerReader> {
  if (chainUrl === undefined)
    throw new CliError(
      "wrong-usage",
      "where the run's chain is asked is not known",
      "Give --chain-url, --contract and --committer; a coordinator's embedded chain answers at its HTTP address + /chain.",
    );
  // Refuses what is no address without quoting it.
  chainHost(chainUrl);
  return await openLedgerReader(
    {
      transport: httpTransport(chainUrl),
      contractAddress: addressOf("--contract", contract),
      committer: addressOf("--committer", committer),
      timeoutMs: chainTimeoutMs,
    },
    signal,
  );
}

function addressOf(option: string, text: string | undefined): `0x${string}` {
  if (text !== undefined && isAddress(text)) return text;
  throw new CliError(
    "wrong-usage",
    `${option} is ${text ?? "not given"}, wanted an address`,
    `Give ${option} as 0x and 40 hexadecimal digits; the coordinator's operator knows it.`,
  );
}

function isAddress(text: string): text is `0x${string}` {
  return /^0x[0-9a-fA-F]{40}$/.test(text);
}
