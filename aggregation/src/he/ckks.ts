import { HeError } from "./he-error.ts";
import type { Seal } from "./seal.ts";
import { SealBytesGuard } from "./seal-bytes-guard.ts";
import { SealContext } from "./seal-context.ts";
import type { SealTask } from "./seal-task.ts";

/**
 * CKKS, as others use it, to be compared with: approximate, one key in every participant's hands, no masks. A decryption
 * at full precision gives the key away to whoever saw the ciphertext (Li and Micciancio, EUROCRYPT 2021), so that nothing
 * of this file lets one out: results are rounded to an absolute grid far above the noise (rounding to float32 leaves the
 * noise of values near zero as it is). That defeats the attack in `ckks-key-leak.test.ts`; it is no proof: a value beside a
 * boundary of the grid tells on which side the noise put it. Not for updates that must stay secret.
 */
export interface CkksSet {
  readonly name: "ckks-8192-60" | "ckks-8192-60-40-40";
  readonly primeBits: readonly number[];
  /** What values are multiplied by. */
  readonly scale: number;
  /** What decrypted values are rounded to a multiple of: a thousand times the noise of ten participants' sum, and more. */
  readonly grid: number;
  /** Encrypted with the public key, or the secret one, which halves the bytes. */
  readonly encryption: "public" | "seeded";
}

export const CKKS_DEGREE = 8192;

/** Values of a ciphertext. */
export const CKKS_SLOTS: number = CKKS_DEGREE / 2;

/** The smallest set that does. */
export const SMALL_CKKS: CkksSet = {
  name: "ckks-8192-60",
  primeBits: [60],
  scale: 2 ** 45,
  grid: 2 ** -20,
  encryption: "seeded",
};

/** What NVFLARE ships (TenSEAL): three primes, the last for keys alone, and public-key ciphertexts. */
export const NVFLARE_CKKS: CkksSet = {
  name: "ckks-8192-60-40-40",
  primeBits: [60, 40, 40],
  scale: 2 ** 40,
  grid: 2 ** -14,
  encryption: "public",
};

/** How large values and their sums are. */
export interface CkksRange {
  /** The largest magnitude of a value. */
  readonly largestValue: number;
  readonly participants: number;
}

/** Encrypts and decrypts under one secret key, which stays inside the instance of SEAL. */
export class CkksCipher implements Disposable {
  readonly #range: CkksRange;
  readonly #grid: number;
  readonly #context: SealContext;
  readonly #guard: SealBytesGuard;
  readonly #encoder: SealTask<Float64Array, Uint8Array>;
  readonly #decoder: SealTask<Uint8Array, Float64Array>;
  readonly #encryptor: SealTask<Uint8Array, Uint8Array>;
  readonly #decryptor: SealTask<Uint8Array, Uint8Array>;

  /**
   * `secretKey`: SEAL's bytes, of {@link newCkksKey}. Throws {@link HeError} `too-many-participants` when their sum could
   * wrap around the modulus, which nothing would tell.
   */
  constructor(seal: Seal, set: CkksSet, secretKey: Uint8Array, range: CkksRange) {
    const context = openCkksContext(seal, set);
    requireRoom(context, set, range);
    this.#range = range;
    this.#grid = set.grid;
    this.#context = context;
    this.#encoder = context.openEncoder(set.scale);
    this.#decoder = context.openDecoder();
    this.#encryptor =
      set.encryption === "seeded"
        ? context.openEncryptor(secretKey)
        : context.openPublicEncryptor(context.publicKeyOf(secretKey));
    this.#decryptor = context.openDecryptor(secretKey);
    const template = this.#encryptor.run(this.#encoder.run(new Float64Array(1)));
    this.#guard = new SealBytesGuard(context.expanded(template), context.primes(), CKKS_DEGREE);
  }

  /**
   * SEAL's bytes of a ciphertext of at most {@link CKKS_SLOTS} values. Throws {@link HeError} `wrong-dimension` for more;
   * `non-finite` and `out-of-range`, naming the index: SEAL encrypts zeros for NaN, and infinity breaks the instance.
   */
  encrypt(values: Float32Array): Uint8Array {
    requireValues(values, this.#range.largestValue);
    const plaintext = this.#encoder.run(Float64Array.from(values));
    const ciphertext = this.#encryptor.run(plaintext);
    plaintext.fill(0);
    return ciphertext;
  }

  /**
   * The values of a sum, shape `[CKKS_SLOTS]`, rounded to the set's grid. Throws {@link HeError} as {@link SealBytesGuard};
   * `overflow` for values that so many participants cannot add up to, which is what another key or a changed ciphertext
   * leads to.
   */
  decrypt(sum: Uint8Array): Float32Array {
    this.#guard.check(sum);
    const plaintext = this.#decryptor.run(sum);
    const exact = this.#decoder.run(plaintext);
    const most = this.#range.participants * this.#range.largestValue;
    const areReached = exact.every((value) => Math.abs(value) <= most * 1.001);
    const grid = this.#grid;
    const rounded = Float32Array.from(exact, (value) => Math.round(value / grid) * grid);
    for (const secret of [plaintext, exact]) secret.fill(0);
    if (areReached) return rounded;
    throw new HeError("overflow", `the sum is beyond ${most}: another key's, or changed`);
  }

  [Symbol.dispose](): void {
    for (const task of [this.#encoder, this.#decoder, this.#encryptor, this.#decryptor]) {
      task[Symbol.dispose]();
    }
    this.#context[Symbol.dispose]();
  }
}

/** The coordinator's half. */
export class CkksAdder implements Disposable {
  readonly #context: SealContext;
  readonly #guard: SealBytesGuard;

  constructor(seal: Seal, set: CkksSet) {
    this.#context = openCkksContext(seal, set);
    this.#guard = new SealBytesGuard(
      templateOf(this.#context, set),
      this.#context.primes(),
      CKKS_DEGREE,
    );
  }

  /** SEAL's bytes of the sum of ciphertexts, one at least. Throws {@link HeError} as {@link SealBytesGuard}. */
  sumOf(ciphertexts: Iterable<Uint8Array>): Uint8Array {
    return this.#context.sumOf(this.#checked(ciphertexts));
  }

  [Symbol.dispose](): void {
    this.#context[Symbol.dispose]();
  }

  *#checked(ciphertexts: Iterable<Uint8Array>): Generator<Uint8Array> {
    for (const ciphertext of ciphertexts) {
      this.#guard.check(ciphertext);
      yield ciphertext;
    }
  }
}

/** SEAL's bytes of a new secret key: whoever asked wipes them. */
export function newCkksKey(seal: Seal, set: CkksSet): Uint8Array {
  using context = openCkksContext(seal, set);
  return context.newSecretKey();
}

export function openCkksContext(seal: Seal, { primeBits }: CkksSet): SealContext {
  return SealContext.open(seal, { scheme: "ckks", degree: CKKS_DEGREE, primeBits });
}

/** A ciphertext of the set's kind, under a key that nobody has. */
function templateOf(context: SealContext, { scale, encryption }: CkksSet): Uint8Array {
  const key = context.newSecretKey();
  using encoder = context.openEncoder(scale);
  using encryptor =
    encryption === "seeded"
      ? context.openEncryptor(key)
      : context.openPublicEncryptor(context.publicKeyOf(key));
  return encryptor.run(encoder.run(new Float64Array(1)));
}

function requireRoom(context: SealContext, { scale }: CkksSet, range: CkksRange): void {
  const modulus = context.primes().reduce((product, prime) => product * prime, 1n);
  const most = Number(modulus) / scale / 4;
  if (range.participants * range.largestValue <= most) return;
  const message = `${range.participants} values to ${range.largestValue} are beyond ${most} together`;
  throw new HeError("too-many-participants", message);
}

function requireValues(values: Float32Array, largestValue: number): void {
  if (values.length > CKKS_SLOTS) {
    throw new HeError("wrong-dimension", `${values.length} values, wanted at most ${CKKS_SLOTS}`);
  }
  const index = values.findIndex((value) => !(Math.abs(value) <= largestValue));
  if (index < 0) return;
  const code = Number.isFinite(values[index]) ? "out-of-range" : "non-finite";
  throw new HeError(code, `value ${index} is ${values[index]}, wanted up to ${largestValue}`);
}
