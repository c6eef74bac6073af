import { checkAdvertisement, requireDistinctKeys } from "./advertisement.ts";
import { KeySharing } from "./aggregator-sharing.ts";
import { byId, requireEnough, requireFirst } from "./checks.ts";
import type { RoundConfig } from "./config.ts";
import { requireUsableKey } from "./key-agreement.ts";
import type { KeyAdvertisement, ParticipantId } from "./messages.ts";
import { RoundContext } from "./round-context.ts";

/** The server's first stage: public keys come in. */
export class KeyAdvertising {
  readonly #context: RoundContext;
  readonly #book = new Map<ParticipantId, KeyAdvertisement>();

  /** Throws {@link MaskingError} for a configuration that is not sound. */
  constructor(config: RoundConfig) {
    this.#context = new RoundContext(config);
  }

  /** Who has delivered. */
  get delivered(): ReadonlySet<ParticipantId> {
    return new Set(this.#book.keys());
  }

  /**
   * Takes one participant's keys. Throws {@link MaskingError} and changes nothing unless they are a cohort member's first,
   * signed, usable and nobody else's: whatever the others would refuse is refused here.
   */
  advertise(advertisement: KeyAdvertisement): void {
    const { participantId, encryptionKey, maskKey } = advertisement;
    requireFirst(this.#book, participantId, "keys");
    checkAdvertisement(this.#context, advertisement);
    requireUsableKey(participantId, encryptionKey);
    requireUsableKey(participantId, maskKey);
    requireDistinctKeys([...this.#book.values(), advertisement]);
    this.#book.set(participantId, advertisement);
  }

  /** Ends advertising. Throws {@link MaskingError} `too-few` when fewer than `threshold` have delivered. */
  close(): KeySharing {
    requireEnough(this.#book.size, this.#context.config.threshold, "advertised keys");
    return new KeySharing(this.#context, byId(this.#book.values()));
  }
}
