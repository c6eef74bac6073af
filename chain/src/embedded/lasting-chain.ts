import { Turns } from "../turns.ts";
import {
  type EmbeddedChain,
  type EmbeddedChainOptions,
  openEmbeddedChain,
} from "./embedded-chain.ts";
import type { Provider } from "./provider.ts";

/** An embedded chain that outlives a full disk: one that has failed to write a block is opened again when it is next needed. */
export class LastingChain implements AsyncDisposable {
  /** Asks the chain that is open now. */
  readonly provider: Provider;
  readonly #options: EmbeddedChainOptions;
  readonly #turns = new Turns();
  #chain: EmbeddedChain;

  private constructor(chain: EmbeddedChain, options: EmbeddedChainOptions) {
    this.#chain = chain;
    this.#options = { ...options, mustExist: true };
    this.provider = { request: (request) => this.#chain.provider.request(request) };
  }

  /** As {@link openEmbeddedChain}. */
  static async open(options: EmbeddedChainOptions): Promise<LastingChain> {
    return new LastingChain(await openEmbeddedChain(options), options);
  }

  /** Whether {@link LastingChain.working} would open the chain again. */
  get hasFailed(): boolean {
    return this.#chain.hasFailed;
  }

  /**
   * The chain, as it is on disk when the last write failed. Throws what {@link openEmbeddedChain} throws; the next call tries
   * again.
   */
  async working(): Promise<EmbeddedChain> {
    return await this.#turns.run(async () => {
      if (!this.#chain.hasFailed) return this.#chain;
      await this.#chain.close();
      this.#chain = await openEmbeddedChain(this.#options);
      return this.#chain;
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#turns.run(() => this.#chain.close());
  }
}
