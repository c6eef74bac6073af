import { Worker } from "node:worker_threads";
import type { EncryptionJob } from "@chorus/aggregation";
import { HeError } from "@chorus/aggregation/he";
import { ClientError } from "../error.ts";
import type { CipherAnswer, CipherRequest } from "./cipher-messages.ts";

/** What a round's key grows from, and for which parameters. */
export type CipherKey = Pick<EncryptionJob, "parameters" | "keySeed">;

/**
 * A worker thread that is given one round's key: encrypts the update, and opens the sum. It loads what that takes, some 0.3 s, before
 * it has the key. Of no use any more once it has failed ({@link ClientError} `cipher-failed`). Disposal has it wipe the key and end, once it has done what is under way.
 */
export class CipherThread implements Disposable {
  readonly #worker: Worker;
  /** Aborted with why the thread ended, however it did. */
  readonly #gone = new AbortController();
  readonly #exited = Promise.withResolvers<void>();
  readonly #answers = new Map<number, (answer: CipherAnswer) => void>();
  #requests = 0;

  /** `script`: what the thread runs. */
  constructor(script: URL) {
    this.#worker = new Worker(script, { name: "cipher" });
    this.#worker.on("error", (cause) => this.#fail("failed", cause));
    this.#worker.on("exit", () => {
      this.#fail("ended");
      this.#exited.resolve();
    });
    this.#worker.on("message", (answer: CipherAnswer) => this.#answers.get(answer.id)?.(answer));
  }

  /** Takes the key's bytes over: once, before anything is encrypted. */
  takeKey({ parameters, keySeed }: CipherKey): void {
    this.#post({ kind: "open", parameters, keySeed }, [keySeed.buffer]);
  }

  /** Resolves when the thread is gone, and its key with it. */
  get exited(): Promise<void> {
    return this.#exited.promise;
  }

  /**
   * Takes values and masks over, and resolves with ciphertexts as `ParticipantCipher` makes them. Rejects with what it throws, with
   * `cipher-failed`, and with the signal's reason; what is under way ends all the same then.
   */
  async encrypt(
    { values, masks }: Pick<EncryptionJob, "values" | "masks">,
    signal: AbortSignal,
  ): Promise<Uint8Array> {
    const transfer = [values.buffer, masks.added.buffer, masks.subtracted.buffer];
    const result = await this.#ask(
      (id) => this.#post({ kind: "encrypt", id, values, masks }, transfer),
      signal,
    );
    return result as Uint8Array;
  }

  /** The sums in an encrypted sum, shape `[valueCount]`. Rejects as {@link encrypt}. */
  async openSum(
    encryptedSum: Uint8Array,
    counts: { readonly valueCount: number; readonly survivors: number },
    signal: AbortSignal,
  ): Promise<Uint32Array> {
    const copy = new Uint8Array(encryptedSum);
    const result = await this.#ask(
      (id) => this.#post({ kind: "open-sum", id, encryptedSum: copy, ...counts }, [copy.buffer]),
      signal,
    );
    return result as Uint32Array;
  }

  [Symbol.dispose](): void {
    this.#fail("was closed");
    this.#post({ kind: "close" }, []);
  }

  async #ask(post: (id: number) => void, signal: AbortSignal): Promise<Uint8Array | Uint32Array> {
    const either = AbortSignal.any([signal, this.#gone.signal]);
    either.throwIfAborted();
    const { promise, resolve, reject } = Promise.withResolvers<CipherAnswer>();
    const abort = () => reject(either.reason);
    either.addEventListener("abort", abort, { once: true });
    const id = this.#requests++;
    this.#answers.set(id, resolve);
    try {
      post(id);
      const answer = await promise;
      if ("result" in answer) return answer.result;
      throw new HeError(answer.code, answer.message);
    } finally {
      this.#answers.delete(id);
      either.removeEventListener("abort", abort);
    }
  }

  #post(request: CipherRequest, transfer: ArrayBuffer[]): void {
    this.#worker.postMessage(request, transfer);
  }

  #fail(how: string, cause?: unknown): void {
    const message = `the thread that encrypts ${how}, wanted it until the round's end`;
    this.#gone.abort(new ClientError("cipher-failed", message, { cause }));
  }
}
