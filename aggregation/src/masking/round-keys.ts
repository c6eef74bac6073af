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
  readonly #contribution: Uint8Array;

  /** `contributionBytes`: of what the participant contributes to an encrypted round's key; 0 in other rounds. */
  constructor(random: RandomSource, contributionBytes = 0) {
    const encryptionSeed = seedFrom(random);
    this.encryption = new AgreementKey(encryptionSeed);
    encryptionSeed.fill(0);
    this.#maskKeySeed = seedFrom(random);
    this.mask = new AgreementKey(this.#maskKeySeed);
    this.#selfMaskSeed = seedFrom(random);
    this.#contribution = seedFrom(random, contributionBytes);
  }

  /** What `use` makes of the self-mask seed: 32 bytes that it must not keep. */
  withSelfMaskSeed<T>(use: (seed: Uint8Array) => T): T {
    return use(this.#selfMaskSeed);
  }

  /** What `use` makes of the contribution to the round's key: bytes that it must not keep. */
  withContribution<T>(use: (contribution: Uint8Array) => T): T {
    return use(this.#contribution);
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
    this.#contribution.fill(0);
  }
}

function seedFrom(random: RandomSource, bytes = 32): Uint8Array {
  const seed = new Uint8Array(bytes);
  if (bytes > 0) random.fill(seed);
  return seed;
}
