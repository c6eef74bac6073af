import type { RandomSource } from "../random.ts";
import { AgreementKey } from "./key-agreement.ts";
import { SecretPolynomial } from "./shamir.ts";

/** A participant's fresh secrets for one round. Prints nothing of them. */
export class RoundKeys implements Disposable {
  /** Agrees on the keys that shares are sealed with. */
  readonly encryption: AgreementKey;
  /** Agrees on pairwise masks. */
  readonly mask: AgreementKey;
  readonly #maskKeySeed: Uint8Array;
  readonly #selfMaskSeed: Uint8Array;

  constructor(random: RandomSource) {
    const encryptionSeed = seedFrom(random);
    this.encryption = new AgreementKey(encryptionSeed);
    encryptionSeed.fill(0);
    this.#maskKeySeed = seedFrom(random);
    this.mask = new AgreementKey(this.#maskKeySeed);
    this.#selfMaskSeed = seedFrom(random);
  }

  /** What `use` makes of the self-mask seed: 32 bytes that it must not keep. */
  withSelfMaskSeed<T>(use: (seed: Uint8Array) => T): T {
    return use(this.#selfMaskSeed);
  }

  /** What the others get shares of: 32 bytes of self-mask seed, then 32 of mask-key seed. */
  polynomial(threshold: number, random: RandomSource): SecretPolynomial {
    const secrets = new Uint8Array([...this.#selfMaskSeed, ...this.#maskKeySeed]);
    try {
      return new SecretPolynomial(secrets, threshold, random);
    } finally {
      secrets.fill(0);
    }
  }

  [Symbol.dispose](): void {
    this.encryption[Symbol.dispose]();
    this.mask[Symbol.dispose]();
    this.#maskKeySeed.fill(0);
    this.#selfMaskSeed.fill(0);
  }
}

function seedFrom(random: RandomSource): Uint8Array {
  const seed = new Uint8Array(32);
  random.fill(seed);
  return seed;
}
