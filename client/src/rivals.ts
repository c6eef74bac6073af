import type { ParticipantId } from "@chorus/aggregation";
import type { Logger } from "pino";
import { ClientError } from "./error.ts";

/**
 * Check-ins in a row that meet another process with this identity before this one gives up: half a minute on average. A
 * connection of our own that broke unnoticed counts as another's for 7 s, which eight waits outlast 98 times in 100.
 */
const PATIENCE = 8;

/** Tells when another process uses the same identity, which the coordinator lets only one do at a time. */
export class Rivals {
  readonly #participantId: ParticipantId;
  readonly #log: Logger;
  #met = 0;

  constructor(participantId: ParticipantId, log: Logger) {
    this.#participantId = participantId;
    this.#log = log;
  }

  /** The coordinator refused a check-in because of another process. Throws {@link ClientError} `identity-in-use` after too many. */
  met(): void {
    this.#met += 1;
    const participantId = this.#participantId;
    if (this.#met === 1)
      this.#log.warn(
        { participantId },
        "this identity is in use elsewhere, trying until it is free",
      );
    if (this.#met < PATIENCE) return;
    throw new ClientError(
      "identity-in-use",
      `this identity is in use elsewhere (participant ${participantId}): another process takes part with it; ` +
        "stop that one, or give this one a state directory of its own",
    );
  }

  /** Something else came of an attempt. */
  gone(): void {
    this.#met = 0;
  }
}
