import type { Hash, Identity } from "@chorus/aggregation";
import type { Logger } from "pino";

/** Tells the log when the coordinator goes and comes back: once each, however many attempts lie between. */
export class Presence {
  readonly #log: Logger;
  #state: "never-found" | "sought" | "found" | "lost" = "never-found";

  constructor(log: Logger) {
    this.#log = log;
  }

  found({ participantId }: Identity, federationId: Hash): void {
    const fields = { federationId, participantId };
    this.#log.info(fields, this.#state === "lost" ? "the coordinator is back" : "checked in");
    this.#state = "found";
  }

  lost(detail: string): void {
    switch (this.#state) {
      case "never-found":
        this.#log.warn({ detail }, "the coordinator is not there yet, trying until it is");
        this.#state = "sought";
        return;
      case "found":
        this.#log.warn({ detail }, "the coordinator is away, trying again until it is back");
        this.#state = "lost";
        return;
      case "sought":
      case "lost":
        this.#log.debug({ detail }, "the coordinator is still away");
    }
  }
}
