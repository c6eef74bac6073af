import type { Hash, Identity } from "@chorus/aggregation";
import type { Logger } from "pino";

/** Tells the log when the coordinator goes and comes back: once each, however many attempts lie between. */
export class Presence {
  readonly #log: Logger;
  #isLost = false;

  constructor(log: Logger) {
    this.#log = log;
  }

  found({ participantId }: Identity, federationId: Hash): void {
    const fields = { federationId, participantId };
    this.#log.info(fields, this.#isLost ? "the coordinator is back" : "checked in");
    this.#isLost = false;
  }

  lost(detail: string): void {
    if (this.#isLost) this.#log.debug({ detail }, "the coordinator is still away");
    else this.#log.warn({ detail }, "the coordinator is away, trying again until it is back");
    this.#isLost = true;
  }
}
