import type { Address, Transport } from "viem";
import type { PrivateKeyAccount } from "viem/accounts";
import { addressFrom } from "./address.ts";
import { type ContractLedger, openContractLedger } from "./contract/contract-ledger.ts";
import { httpTransport } from "./contract/http-transport.ts";
import { keepContract, knownContract } from "./contract-file.ts";
import { LastingChain } from "./embedded/lasting-chain.ts";
import type { Provider } from "./embedded/provider.ts";
import { publicProvider } from "./embedded/public-provider.ts";
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
  /** Answers anybody's questions about the embedded chain; undefined for another chain, which answers for itself. */
  readonly readOnly: Provider | undefined;
  readonly #account: PrivateKeyAccount;
  readonly #chain: LastingChain | Transport;
  readonly #contractFile: string;
  #contract: Address | undefined;
  #ledger: Promise<ContractLedger> | undefined;

  private constructor(
    account: PrivateKeyAccount,
    chain: LastingChain | Transport,
    contract: Address | undefined,
    contractFile: string,
  ) {
    this.#account = account;
    this.#chain = chain;
    this.#contract = contract;
    this.#contractFile = contractFile;
    this.readOnly =
      chain instanceof LastingChain
        ? publicProvider(chain.provider, () => this.#contract)
        : undefined;
  }

  /**
   * Loads or makes the coordinator's key and opens the embedded chain, which is made only where no contract is known. Throws
   * LedgerError, for a contract's address that is none `bad-address`, and KeyFileError.
   */
  static async open(
    chosen: ChainChoice,
    paths: ChainPaths,
    now: () => number,
  ): Promise<ChainAccess> {
    const contract = configured(chosen) ?? (await knownContract(paths.contract));
    const account = await loadOrCreateAccount(paths.key);
    const mustExist = contract !== undefined;
    const options = { directory: paths.chain, account: account.address, mustExist, now };
    const chain =
      chosen.kind === "embedded" ? await LastingChain.open(options) : httpTransport(chosen.url);
    return new ChainAccess(account, chain, contract, paths.contract);
  }

  /** The account that commits. */
  get committer(): Address {
    return this.#account.address;
  }

  /** The contract that holds the records; undefined before one was used. */
  get contract(): Address | undefined {
    return this.#contract;
  }

  /**
   * The ledger, opened (and its contract deployed) when it is first needed; again when that failed, or when the embedded chain
   * could not write a block. Throws what {@link openContractLedger} and {@link LastingChain.working} throw.
   */
  async ledger(signal: AbortSignal): Promise<ContractLedger> {
    if (this.#chain instanceof LastingChain && this.#chain.hasFailed) this.#ledger = undefined;
    this.#ledger ??= this.#open(signal).catch((error: unknown) => {
      this.#ledger = undefined;
      throw error;
    });
    return await this.#ledger;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#chain instanceof LastingChain) await this.#chain[Symbol.asyncDispose]();
  }

  async #open(signal: AbortSignal): Promise<ContractLedger> {
    const chain = this.#chain;
    const transport = chain instanceof LastingChain ? (await chain.working()).transport : chain;
    const [account, contractAddress] = [this.#account, this.#contract];
    const ledger = await openContractLedger(
      { transport, account, contractAddress, timeoutMs },
      signal,
    );
    this.#contract = ledger.contractAddress;
    await keepContract(this.#contractFile, ledger.contractAddress);
    return ledger;
  }
}

function configured(chain: ChainChoice): Address | undefined {
  const contract = chain.kind === "rpc" ? chain.contract : undefined;
  return contract === undefined ? undefined : addressFrom(contract, "the chain's contract");
}
