import { checkAdvertisement, DistinctKeys } from "./advertisement.ts";
import { KeySharing } from "./aggregator-sharing.ts";
import { refuseShortage, requireFirst, shortageOf } from "./checks.ts";
import { fewestAdvertised, type RoundConfig } from "./config.ts";
import type { MaskingError } from "./error.ts";
import { ExchangeContext } from "./exchange-context.ts";
import { type Guard, strictGuard } from "./guard.ts";
import { KeyProbe } from "./key-agreement.ts";
import type { KeyAdvertisement, ParticipantId } from "./messages.ts";
import { RoundContext } from "./round-context.ts";

/** The server's first stage: public keys come in. */
export class KeyAdvertising {
  readonly #context: RoundContext;
  readonly #book = new Map<ParticipantId, KeyAdvertisement>();
  readonly #probe = new KeyProbe();
  readonly #keys: DistinctKeys;

  /** Throws {@link MaskingError} for a configuration that is not sound. */
  constructor(config: RoundConfig, guard: Guard = strictGuard) {
    this.#context = new RoundContext(config, guard);
    this.#keys = new DistinctKeys(guard);
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
    const { guard } = this.#context;
    requireFirst(this.#book, participantId, "keys", guard);
    checkAdvertisement(this.#context, advertisement);
    this.#probe.requireUsable(participantId, encryptionKey);
    this.#probe.requireUsable(participantId, maskKey);
    this.#keys.add(advertisement);
    this.#book.set(participantId, advertisement);
  }

  /** Why the round could not go on if exactly these had delivered: what {@link close} throws. undefined when it could. */
  shortage(delivered: ReadonlySet<ParticipantId>): MaskingError | undefined {
    return shortageOf(delivered.size, fewestAdvertised(this.#context.config), "advertised keys");
  }

  /** Ends advertising. Throws {@link MaskingError} `too-few` when fewer than `fewestAdvertised` have delivered. */
  close(): KeySharing {
    refuseShortage(this.shortage(this.delivered), this.#context.guard);
    return new KeySharing(new ExchangeContext(this.#context, this.#book.values()));
  }
}
