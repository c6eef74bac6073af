import type { Hash } from "@chorus/aggregation";
import { ClientError } from "../error.ts";
import type { ExchangeStep, JournalEntry } from "./entry.ts";
import { JournalFile } from "./journal-file.ts";

/**
 * Rounds that are kept at a start, the newest ones: some 5 MB. A round that is older than that could be begun again, but
 * only with fresh keys, to which everything that is signed and masked is bound: no two answers of one exchange.
 */
const KEPT_ROUNDS = 4_096;

/**
 * What this participant has answered in the masked exchanges, on disk before anybody else can know it. So a participant
 * that crashed never gives another answer for the same step of a round, whatever it is asked.
 */
export class Journal implements AsyncDisposable {
  readonly #file: JournalFile;
  readonly #rounds = new Map<Hash, Map<ExchangeStep, Hash>>();
  /** When the last call of {@link record} has ended. */
  #turn: Promise<unknown> = Promise.resolve();

  private constructor(file: JournalFile, entries: readonly JournalEntry[]) {
    this.#file = file;
    for (const entry of entries) this.#remember(entry);
  }

  /**
   * Opens the journal of a state directory, which exists, or makes it. The torn end that a crash has left is cut off.
   * Rejects with {@link ClientError}: `bad-journal` for any other damage, `unwritable`. No other process may use it.
   */
  static async open(directory: string, keptRounds: number = KEPT_ROUNDS): Promise<Journal> {
    const { file, entries } = await JournalFile.open(directory, newest(keptRounds));
    return new Journal(file, entries);
  }

  /** Whether this participant has answered anything in the exchange of this round. */
  begun(roundId: Hash): boolean {
    return this.#rounds.has(roundId);
  }

  /**
   * Resolves when it is on disk that the answer to `step` is the one with this digest. Rejects with {@link ClientError}
   * `already-answered` when it was another, `unwritable` when the disk does not take it, and with the signal's reason.
   */
  async record(
    roundId: Hash,
    step: ExchangeStep,
    digest: Hash,
    signal: AbortSignal,
  ): Promise<void> {
    const before = this.#turn;
    const turn = Promise.allSettled([before]).then(() => {
      signal.throwIfAborted();
      return this.#write({ roundId, step, digest });
    });
    this.#turn = turn;
    await turn;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.allSettled([this.#turn]);
    await this.#file[Symbol.asyncDispose]();
  }

  async #write(entry: JournalEntry): Promise<void> {
    const { roundId, step, digest } = entry;
    const known = this.#rounds.get(roundId)?.get(step);
    if (known === digest) return;
    if (known !== undefined)
      throw new ClientError(
        "already-answered",
        `got another answer to ${step} in round ${roundId}: had ${known}, got ${digest}`,
      );
    await this.#file.append(entry);
    this.#remember(entry);
  }

  #remember({ roundId, step, digest }: JournalEntry): void {
    const steps = this.#rounds.get(roundId) ?? new Map();
    this.#rounds.set(roundId, steps.set(step, digest));
  }
}

/** Keeps the entries of the last so many rounds. */
function newest(rounds: number) {
  return (entries: readonly JournalEntry[]): readonly JournalEntry[] => {
    const all = [...new Set(entries.map(({ roundId }) => roundId))];
    if (all.length <= rounds) return entries;
    const kept = new Set(all.slice(-rounds));
    return entries.filter(({ roundId }) => kept.has(roundId));
  };
}
