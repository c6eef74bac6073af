import { type HeParameters, ParticipantCipher } from "@chorus/aggregation/he";

/** For tests: one cipher for all puppets that have the same key, which takes the time of one. */
export class Ciphers implements Disposable {
  readonly #opened = new Map<string, Promise<ParticipantCipher>>();
  readonly #owned = new DisposableStack();

  /** The cipher under a key, which stays this one's to dispose of. */
  open(parameters: HeParameters, keySeed: Uint8Array): Promise<ParticipantCipher> {
    const key = Buffer.from(keySeed).toString("hex");
    const known = this.#opened.get(key);
    if (known !== undefined) return known;
    const opening = ParticipantCipher.open(parameters, keySeed).then((cipher) =>
      this.#owned.use(cipher),
    );
    this.#opened.set(key, opening);
    return opening;
  }

  [Symbol.dispose](): void {
    this.#owned.dispose();
  }
}
