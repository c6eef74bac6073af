import type { Hash } from "@chorus/aggregation";
import type { Logger } from "pino";

/** Tells the log when the coordinator goes and comes back: once each, however many attempts lie between. */
export class Presence {
  readonly #log: Logger;
  #isLost = false;

  constructor(log: Logger) {
    this.#log = log;
  }

  found(federationId: Hash): void {
    this.#log.info({ federationId }, this.#isLost ? "the coordinator is back" : "checked in");
    this.#isLost = false;
  }

  lost(detail: string): void {
    if (this.#isLost) this.#log.debug({ detail }, "the coordinator is still away");
    else this.#log.warn({ detail }, "the coordinator is away, trying again until it is back");
    this.#isLost = true;
  }
}
