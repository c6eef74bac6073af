import type { NativeContext, Seal, SealHandle, SealModule } from "./seal.ts";
import { type Opened, SealTask } from "./seal-task.ts";

/** What a context is made from: public, and all that adding takes. */
export type SealParameters =
  | { readonly scheme: "ckks"; readonly degree: number; readonly primeBits: readonly number[] }
  | {
      readonly scheme: "bgv" | "bfv";
      readonly degree: number;
      readonly primeBits: readonly number[];
      /** The plaintext modulus is 2^plainBits. */
      readonly plainBits: number;
    };

/** What can be loaded from bytes. */
interface Loadable extends SealHandle {
  loadFromArray(context: NativeContext, bytes: Uint8Array): void;
}

interface Savable {
  saveToArray(compression: SealModule["ComprModeType"]["none"]): unknown;
}

/**
 * What can be done under one set of parameters. Everything goes in and comes out as bytes of SEAL's own format,
 * uncompressed. Bytes of others are for a guard first: what SEAL itself refuses ends the instance.
 */
export class SealContext implements Disposable {
  readonly #seal: Seal;
  readonly #context: NativeContext;

  private constructor(seal: Seal, context: NativeContext) {
    this.#seal = seal;
    this.#context = context;
  }

  /** A context of SEAL's bytes of parameters, which must be 128-bit secure by SEAL's table. About 20 ms. */
  static fromBytes(seal: Seal, parameters: Uint8Array): SealContext {
    const context = seal.call((module) => {
      using loaded = new module.EncryptionParameters(module.SchemeType.none);
      loaded.loadFromArray(parameters);
      // Without further levels of the modulus, which only products need.
      const made = new module.SEALContext(loaded, false, module.SecLevelType.tc128);
      if (!made.parametersSet()) throw new Error("parameters are refused at 128 bits of security");
      return made;
    });
    return new SealContext(seal, context);
  }

  static open(seal: Seal, parameters: SealParameters): SealContext {
    return SealContext.fromBytes(seal, sealParameterBytes(seal, parameters));
  }

  /** Primes of the modulus that ciphertexts live in, in SEAL's order. */
  primes(): bigint[] {
    return this.#seal.call(() => {
      using data = this.#context.firstContextData();
      using parameters = data.parms();
      using primes = parameters.coeffModulus();
      return Array.from({ length: primes.size() }, (_, index) => {
        using prime = primes.get(index);
        if (prime === undefined) throw new Error(`no prime ${index}`);
        return prime.value();
      });
    });
  }

  /** A secret key that SEAL draws; whoever asked wipes it. */
  newSecretKey(): Uint8Array {
    return this.#seal.call((module) => {
      using generator = new module.KeyGenerator(this.#context);
      using key = generator.secretKey();
      return savedBytes(module, key);
    });
  }

  /** A public key of a secret key. */
  publicKeyOf(secretKey: Uint8Array): Uint8Array {
    return this.#seal.call((module) => {
      using key = this.#load(new module.SecretKey(), secretKey);
      using generator = new module.KeyGenerator(this.#context, key);
      using publicKey = generator.createPublicKey();
      return savedBytes(module, publicKey);
    });
  }

  /** A plaintext of as many zeros as the degree. */
  emptyPlaintext(degree: number): Uint8Array {
    return this.#seal.call((module) => {
      using plaintext = new module.Plaintext(degree);
      plaintext.resize(degree);
      return savedBytes(module, plaintext);
    });
  }

  /** A plaintext's values in NTT form, which is the form of a secret key. */
  transformed(plaintext: Uint8Array): Uint8Array {
    return this.#seal.call((module) => {
      using loaded = this.#load(new module.Plaintext(), plaintext);
      using evaluator = new module.Evaluator(this.#context);
      using level = this.#context.firstParmsId();
      evaluator.plainTransformToNttInplace(loaded, level);
      return savedBytes(module, loaded);
    });
  }

  /** A ciphertext with its second polynomial written out, where it was a seed. */
  expanded(ciphertext: Uint8Array): Uint8Array {
    return this.#seal.call((module) => {
      using loaded = this.#load(new module.Ciphertext(), ciphertext);
      return savedBytes(module, loaded);
    });
  }

  /** A ciphertext of what is encrypted less `plaintext`. */
  without(ciphertext: Uint8Array, plaintext: Uint8Array): Uint8Array {
    return this.#seal.call((module) => {
      using loaded = this.#load(new module.Ciphertext(), ciphertext);
      using subtrahend = this.#load(new module.Plaintext(), plaintext);
      using evaluator = new module.Evaluator(this.#context);
      evaluator.subPlainInplace(loaded, subtrahend);
      return savedBytes(module, loaded);
    });
  }

  /** Adds ciphertexts up, at least one, holding the sum alone. */
  sumOf(ciphertexts: Iterable<Uint8Array>): Uint8Array {
    return this.#seal.call((module) => {
      using sum = new module.Ciphertext();
      using addend = new module.Ciphertext();
      using evaluator = new module.Evaluator(this.#context);
      let isFirst = true;
      for (const ciphertext of ciphertexts) {
        this.#load(isFirst ? sum : addend, ciphertext);
        if (!isFirst) evaluator.addInplace(sum, addend);
        isFirst = false;
      }
      return savedBytes(module, sum);
    });
  }

  /** Encrypts plaintexts under a secret key, the second polynomial as a seed: half the bytes. */
  openEncryptor(secretKey: Uint8Array): SealTask<Uint8Array, Uint8Array> {
    return this.#open((module) => {
      using key = this.#load(new module.SecretKey(), secretKey);
      using generator = new module.KeyGenerator(this.#context, key);
      // Not used, but there is no encryptor without one.
      using publicKey = generator.createPublicKey();
      const plaintext = new module.Plaintext();
      const encryptor = new module.Encryptor(this.#context, publicKey, key);
      const work = (bytes: Uint8Array) => {
        this.#load(plaintext, bytes);
        using ciphertext = encryptor.encryptSymmetricSerializable(plaintext);
        return savedBytes(module, ciphertext);
      };
      return { handles: [plaintext, encryptor], work };
    });
  }

  /** Encrypts plaintexts under a public key. */
  openPublicEncryptor(publicKey: Uint8Array): SealTask<Uint8Array, Uint8Array> {
    return this.#open((module) => {
      using key = this.#load(new module.PublicKey(), publicKey);
      const [plaintext, ciphertext] = [new module.Plaintext(), new module.Ciphertext()];
      const encryptor = new module.Encryptor(this.#context, key);
      const work = (bytes: Uint8Array) => {
        encryptor.encrypt(this.#load(plaintext, bytes), ciphertext);
        return savedBytes(module, ciphertext);
      };
      return { handles: [plaintext, ciphertext, encryptor], work };
    });
  }

  /** Decrypts ciphertexts to plaintexts, which end with their last coefficient that is not zero. */
  openDecryptor(secretKey: Uint8Array): SealTask<Uint8Array, Uint8Array> {
    return this.#open((module) => {
      using key = this.#load(new module.SecretKey(), secretKey);
      const [plaintext, ciphertext] = [new module.Plaintext(), new module.Ciphertext()];
      const decryptor = new module.Decryptor(this.#context, key);
      const work = (bytes: Uint8Array) => {
        decryptor.decrypt(this.#load(ciphertext, bytes), plaintext);
        return savedBytes(module, plaintext);
      };
      return { handles: [plaintext, ciphertext, decryptor], work };
    });
  }

  /** CKKS: encodes at most degree / 2 finite numbers, times `scale`. */
  openEncoder(scale: number): SealTask<Float64Array, Uint8Array> {
    return this.#open((module) => {
      const [plaintext, encoder] = [new module.Plaintext(), new module.CKKSEncoder(this.#context)];
      const work = (values: Float64Array) => {
        encoder.encode(values, scale, plaintext);
        return savedBytes(module, plaintext);
      };
      return { handles: [plaintext, encoder], work };
    });
  }

  /** CKKS: decodes a plaintext, exactly. Whoever lets these numbers out gives the key away: see `ckks.ts`. */
  openDecoder(): SealTask<Uint8Array, Float64Array> {
    return this.#open((module) => {
      const [plaintext, encoder] = [new module.Plaintext(), new module.CKKSEncoder(this.#context)];
      const work = (bytes: Uint8Array) => {
        const values: unknown = encoder.decodeFloat64(this.#load(plaintext, bytes));
        if (values instanceof Float64Array) return values;
        throw new Error("decoded values are no Float64Array");
      };
      return { handles: [plaintext, encoder], work };
    });
  }

  [Symbol.dispose](): void {
    if (!this.#context.isDeleted()) this.#seal.release([this.#context]);
  }

  #open<I, O>(make: (module: SealModule) => Opened<I, O>): SealTask<I, O> {
    const seal = this.#seal;
    return new SealTask(seal, seal.call(make));
  }

  #load<T extends Loadable>(target: T, bytes: Uint8Array): T {
    target.loadFromArray(this.#context, bytes);
    return target;
  }
}

function savedBytes(module: SealModule, object: Savable): Uint8Array {
  const bytes: unknown = object.saveToArray(module.ComprModeType.none);
  if (bytes instanceof Uint8Array) return bytes;
  throw new Error("saved bytes are no Uint8Array");
}

/** SEAL's bytes of parameters: the same on every machine. */
export function sealParameterBytes(seal: Seal, parameters: SealParameters): Uint8Array {
  const { scheme, degree, primeBits } = parameters;
  return seal.call((module) => {
    using made = new module.EncryptionParameters(module.SchemeType[scheme]);
    made.setPolyModulusDegree(degree);
    using primes = module.CoeffModulus.Create(degree, Int32Array.from(primeBits));
    made.setCoeffModulus(primes);
    if (parameters.scheme !== "ckks") {
      using modulus = new module.Modulus(1n << BigInt(parameters.plainBits));
      made.setPlainModulus(modulus);
    }
    return savedBytes(module, made);
  });
}
