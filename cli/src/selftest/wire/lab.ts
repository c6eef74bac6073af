import { playFederation, type WireResults } from "./federation.ts";
import { Site } from "./site.ts";

/** What attacks over the wire are made on, opened when the first one needs it. */
export class WireLab implements AsyncDisposable {
  readonly #opened = new AsyncDisposableStack();
  #site: Promise<Site> | undefined;
  #calls: Promise<WireResults> | undefined;

  /** The participant's program, at a server that lies to it. */
  site(): Promise<Site> {
    this.#site ??= Site.open().then((site) => this.#opened.use(site));
    return this.#site;
  }

  /** What became of wrong calls at the coordinator's program. */
  calls(signal: AbortSignal): Promise<WireResults> {
    this.#calls ??= playFederation(signal);
    return this.#calls;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#opened.disposeAsync();
  }
}
