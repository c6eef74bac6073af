import type { EncryptedRoundConfig, MaskSeeds } from "@chorus/aggregation";
import type { CheckedCiphertexts } from "@chorus/aggregation/he";

/** A participant's ciphertexts, `ciphertextBytes`, that have a buffer of their own: whoever takes them over has it. */
export type Ciphertexts = Uint8Array<ArrayBuffer>;

/** The same, checked: only these are added. */
export type Checked = CheckedCiphertexts<Ciphertexts>;

/**
 * Adds up the encrypted updates of one attempt at a round, on another thread, and keeps nothing of any of them. Its thread
 * ends with the attempt; should it end before, the attempt is abandoned, and whatever waits for it goes on.
 */
export interface EncryptedAccumulator {
  /** Starts the thread, which takes a while (measured: 0.35 s), so that the first update need not wait for it. */
  prepare(config: EncryptedRoundConfig): void;
  /**
   * Takes ciphertexts over, and resolves with them when they are a participant's. Rejects with HeError naming the first that
   * is none, and with RoundError `wrong-phase` when the thread has ended.
   */
  check(config: EncryptedRoundConfig, ciphertexts: Ciphertexts): Promise<Checked>;
  /**
   * Takes checked ciphertexts over and adds them. What is asked for later comes after it. Resolves when their memory is free:
   * they were added, or the thread has ended.
   */
  add(config: EncryptedRoundConfig, ciphertexts: Checked): Promise<void>;
  /**
   * The sum for participants, `encryptedSumBytes`, from which `masks`, which it overwrites, were taken off. Rejects when the
   * thread has ended, and with the signal's reason.
   */
  takeOff(config: EncryptedRoundConfig, masks: MaskSeeds, signal: AbortSignal): Promise<Uint8Array>;
}
