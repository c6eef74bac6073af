import { open, readFile, rename, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { type Address, isAddress, type Transport } from "viem";
import { type ContractLedger, openContractLedger } from "./contract/contract-ledger.ts";
import { httpTransport } from "./contract/http-transport.ts";
import { type EmbeddedChain, openEmbeddedChain } from "./embedded/embedded-chain.ts";
import type { Provider } from "./embedded/provider.ts";
import { loadOrCreateAccount } from "./keys.ts";

/** The longest wait for one answer of the chain. */
const timeoutMs = 15_000;

/** Which chain rounds are committed to. */
export type ChainChoice =
  | { readonly kind: "embedded" }
  | {
      readonly kind: "rpc";
      /** A JSON-RPC endpoint; may hold a secret. */
      readonly url: string;
      /** A RoundLedger that exists; without it one is deployed at the first commit. */
      readonly contract?: string | undefined;
    };

/** Where the coordinator keeps what belongs to the chain. */
export interface ChainPaths {
  /** LevelDB folder of the embedded chain. */
  readonly chain: string;
  /** The coordinator's key, mode 0600. */
  readonly key: string;
  /** Address of the contract, once it is known. */
  readonly contract: string;
}

/** The chain as chosen. The embedded one is open from the start; another one is asked when a commit is due. */
export class ChainAccess implements AsyncDisposable {
  /** The account that commits. */
  readonly committer: Address;
  /** Answers questions about the embedded chain; undefined for another chain, which answers for itself. */
  readonly readOnly: Provider | undefined;
  readonly #embedded: EmbeddedChain | undefined;
  readonly #open: (signal: AbortSignal) => Promise<ContractLedger>;
  #ledger: Promise<ContractLedger> | undefined;

  private constructor(
    committer: Address,
    embedded: EmbeddedChain | undefined,
    open: (signal: AbortSignal) => Promise<ContractLedger>,
  ) {
    this.committer = committer;
    this.readOnly = embedded?.readOnlyProvider;
    this.#embedded = embedded;
    this.#open = open;
  }

  /** Loads or makes the coordinator's key and opens the embedded chain. Throws LedgerError, KeyFileError. */
  static async open(
    chain: ChainChoice,
    paths: ChainPaths,
    now: () => number,
  ): Promise<ChainAccess> {
    const account = await loadOrCreateAccount(paths.key);
    const embedded =
      chain.kind === "embedded"
        ? await openEmbeddedChain({ directory: paths.chain, account: account.address, now })
        : undefined;
    const transport = embedded?.transport ?? transportOf(chain);
    return new ChainAccess(account.address, embedded, async (signal) => {
      const contractAddress = configured(chain) ?? (await knownContract(paths.contract));
      const ledger = await openContractLedger(
        { transport, account, contractAddress, timeoutMs },
        signal,
      );
      await remember(paths.contract, ledger.contractAddress);
      return ledger;
    });
  }

  /** The ledger, opened (and its contract deployed) when it is first needed, again when that failed. */
  async ledger(signal: AbortSignal): Promise<ContractLedger> {
    this.#ledger ??= this.#open(signal).catch((error: unknown) => {
      this.#ledger = undefined;
      throw error;
    });
    return this.#ledger;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#embedded?.close();
  }
}

function transportOf(chain: ChainChoice): Transport {
  if (chain.kind !== "rpc") throw new Error("the embedded chain has its own transport");
  return httpTransport(chain.url);
}

function configured(chain: ChainChoice): Address | undefined {
  const contract = chain.kind === "rpc" ? chain.contract : undefined;
  return contract !== undefined && isAddress(contract) ? contract : undefined;
}

/** The contract that this data directory has used; undefined before the first commit. */
export async function knownContract(file: string): Promise<Address | undefined> {
  const text = await readFile(file, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return "";
    throw error;
  });
  const address = text.trim();
  return isAddress(address) ? address : undefined;
}

/** Durable when it resolves: a contract that is forgotten is deployed a second time, and its history is not found again. */
async function remember(file: string, address: Address): Promise<void> {
  await writeFile(`${file}.new`, `${address}\n`, { mode: 0o600, flush: true });
  await rename(`${file}.new`, file);
  await using folder = await open(dirname(file), "r");
  await folder.sync();
}
