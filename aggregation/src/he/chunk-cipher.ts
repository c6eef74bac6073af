import { CiphertextForm, unpackSum } from "./ciphertext-form.ts";
import { areBelow } from "./coefficients.ts";
import { HeError } from "./he-error.ts";
import type { HeKey } from "./key.ts";
import { CHUNK_WORDS } from "./lanes.ts";
import { DEGREE, type HeParameters, openHeContext } from "./parameters.ts";
import { coefficientsOf, writeCoefficients } from "./plaintext.ts";
import { addResidues, areZero, POLYNOMIAL_WORDS } from "./residues.ts";
import type { Seal } from "./seal.ts";
import type { SealContext } from "./seal-context.ts";
import type { SealTask } from "./seal-task.ts";

/**
 * A participant's half: encrypts masked chunks, and decrypts sums of them. Holds the secret key inside the instance of
 * SEAL, until both are disposed of. Throws {@link HeError} of the instance at every use.
 */
export class ChunkCipher implements Disposable {
  readonly #parameters: HeParameters;
  readonly #context: SealContext;
  readonly #form: CiphertextForm;
  readonly #plaintext: Uint8Array;
  readonly #encryptor: SealTask<Uint8Array, Uint8Array>;
  readonly #decryptor: SealTask<Uint8Array, Uint8Array>;

  constructor(seal: Seal, key: HeKey) {
    const context = openHeContext(seal, key.parameters);
    this.#parameters = key.parameters;
    this.#context = context;
    this.#form = new CiphertextForm(context);
    this.#plaintext = context.emptyPlaintext(DEGREE);
    [this.#encryptor, this.#decryptor] = key.use(context, (secretKey) => [
      context.openEncryptor(secretKey),
      context.openDecryptor(secretKey),
    ]);
  }

  /**
   * A ciphertext for the wire, CIPHERTEXT_BYTES. `coefficients`: shape `[CHUNK_WORDS]`. Throws {@link HeError}
   * `wrong-length`, `out-of-range` for a coefficient that is not below the plaintext modulus.
   */
  encrypt(coefficients: Uint32Array): Uint8Array {
    requireChunk(coefficients, this.#parameters);
    writeCoefficients(this.#plaintext, coefficients);
    try {
      return this.#form.packed(this.#encryptor.run(this.#plaintext));
    } finally {
      this.#plaintext.fill(0, -4 * CHUNK_WORDS);
    }
  }

  /**
   * What a sum from the wire is the encryption of, shape `[CHUNK_WORDS]`, below the plaintext modulus. Under another key
   * than the sum's it is noise, which the chunk's sentinel tells. Throws {@link HeError} as `unpackSum`; `what`: how it
   * calls the sum.
   */
  decrypt(sum: Uint8Array, what = "sum"): Uint32Array {
    const plaintext = this.#decryptor.run(this.#form.expandedOf(unpackSum(sum, what)));
    const coefficients = coefficientsOf(plaintext);
    plaintext.fill(0);
    return coefficients;
  }

  [Symbol.dispose](): void {
    this.#encryptor[Symbol.dispose]();
    this.#decryptor[Symbol.dispose]();
    this.#context[Symbol.dispose]();
  }
}

/** The coordinator's half: adds ciphertexts up from public parameters alone, and takes masks off their sums. */
export class ChunkAdder implements Disposable {
  readonly #parameters: HeParameters;
  readonly #context: SealContext;
  readonly #form: CiphertextForm;
  readonly #plaintext: Uint8Array;

  constructor(seal: Seal, parameters: HeParameters) {
    this.#parameters = parameters;
    this.#context = openHeContext(seal, parameters);
    this.#form = new CiphertextForm(this.#context);
    this.#plaintext = this.#context.emptyPlaintext(DEGREE);
  }

  /**
   * Adds a ciphertext from the wire to a sum, in place, and keeps nothing of it. `sum`: shape `[SUM_WORDS]`, zeros at
   * first. Throws {@link HeError} as {@link CiphertextGuard}, and of the instance; the sum is then as it was.
   */
  addTo(sum: Uint32Array, ciphertext: Uint8Array): void {
    const expanded = this.#context.expanded(this.#form.unpacked(ciphertext));
    addResidues(sum, this.#form.residuesOf(expanded));
  }

  /**
   * Takes masks off what a sum is the encryption of, in place. `masks`: their sum modulo the plaintext modulus, shape
   * `[CHUNK_WORDS]`. Throws {@link HeError} as `encrypt`, and `transparent` for a sum that nothing was added to.
   */
  takeOff(sum: Uint32Array, masks: Uint32Array): void {
    requireChunk(masks, this.#parameters);
    if (areZero(sum.subarray(POLYNOMIAL_WORDS))) {
      throw new HeError("transparent", "nothing was added to the sum");
    }
    writeCoefficients(this.#plaintext, masks);
    const left = this.#context.without(this.#form.expandedOf(sum), this.#plaintext);
    this.#plaintext.fill(0, -4 * CHUNK_WORDS);
    sum.set(this.#form.residuesOf(left));
  }

  [Symbol.dispose](): void {
    this.#context[Symbol.dispose]();
  }
}

function requireChunk(coefficients: Uint32Array, { plainBits }: HeParameters): void {
  if (coefficients.length !== CHUNK_WORDS) {
    const message = `chunk has ${coefficients.length} words, wanted ${CHUNK_WORDS}`;
    throw new HeError("wrong-length", message);
  }
  if (!areBelow(coefficients, plainBits)) {
    throw new HeError("out-of-range", `a coefficient is not below 2^${plainBits}`);
  }
}
