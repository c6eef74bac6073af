import type { Hash } from "@chorus/aggregation";
import type { SignedEncryptedRound } from "./encrypted-round.ts";
import type { SignedMaskedRound } from "./signed-round.ts";

/** A round of which this participant signed the survivor set. */
export type SignedRound = SignedMaskedRound | SignedEncryptedRound;

/** A round that is to be verified. */
export interface PendingCheck {
  readonly signed: SignedRound;
  /** The model that the coordinator says it made; "" while it has not said that the round was completed. */
  readonly toldModelHash: Hash | "";
  /** Of an encrypted round, what was published for opening its sum: what is published in the end begins like this. */
  readonly opened: Uint8Array | undefined;
}

/** Runs of which a model or what was opened is kept, the newest ones. */
const KEPT_RUNS = 4;

/** The rounds that are to be verified, the last one of each run, the one that was signed first in front. In memory only. */
export class PendingChecks {
  /** By run. */
  readonly #checks = new Map<Hash, PendingCheck>();

  /** All of them, as they are now. */
  get all(): PendingCheck[] {
    return [...this.#checks.values()];
  }

  ofRun(runId: Hash): PendingCheck | undefined {
    return this.#checks.get(runId);
  }

  /** A round is to be verified from now on, in the place of the one before it. */
  signed(round: SignedRound): void {
    const { runId } = round.config;
    this.settled(runId);
    this.#checks.set(runId, { signed: round, toldModelHash: "", opened: undefined });
    for (const [older, check] of [...this.#checks].slice(0, -KEPT_RUNS))
      this.#checks.set(older, light(check));
  }

  /** The sum of a round was opened, and this was published for it. */
  opened(roundId: Hash, opened: Uint8Array): void {
    this.#change(roundId, (check) => ({ ...check, opened }));
  }

  /** A round was completed with this model, as is told. */
  told(roundId: Hash, toldModelHash: Hash | ""): void {
    this.#change(roundId, (check) => ({ ...check, toldModelHash }));
  }

  ofRound(roundId: Hash): PendingCheck | undefined {
    return this.all.find(({ signed }) => signed.config.roundId === roundId);
  }

  /** Nothing is to be verified in a run any more. */
  settled(runId: Hash): void {
    const check = this.#checks.get(runId);
    if (check !== undefined) wipeKey(check.signed);
    this.#checks.delete(runId);
  }

  #change(roundId: Hash, change: (check: PendingCheck) => PendingCheck): void {
    const check = this.ofRound(roundId);
    if (check !== undefined) this.#checks.set(check.signed.config.runId, change(check));
  }
}

/** Without what goes when too many other runs are to be verified: of this one, the model that comes of the round will not be known. */
function light({ signed, toldModelHash }: PendingCheck): PendingCheck {
  wipeKey(signed);
  const lighter = "opening" in signed ? signed : { ...signed, parent: undefined };
  return { signed: lighter, toldModelHash, opened: undefined };
}

/** What would open an encrypted round's sum. */
export function wipeKey(signed: SignedRound): void {
  if ("opening" in signed) signed.opening[Symbol.dispose]();
}
