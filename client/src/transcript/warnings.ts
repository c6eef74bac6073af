import type { Hash } from "@chorus/aggregation";
import type { Logger } from "pino";
import { RecentRuns } from "./recent-runs.ts";

/** Runs of which it is remembered what was warned of, the newest ones. */
const WARNED_RUNS = 1_000;

/** What the log warns of once a run: it goes on being so. */
export class Warnings {
  readonly #log: Logger;
  /** What was warned of, by run. */
  readonly #sentences = new RecentRuns<readonly string[]>(WARNED_RUNS);

  constructor(log: Logger) {
    this.#log = log;
  }

  /** Warns of something in a run; the next time it is said for who looks for details only. */
  once(runId: Hash, fields: object, sentence: string): void {
    const before = this.#sentences.get(runId) ?? [];
    if (before.includes(sentence)) this.#log.debug(fields, sentence);
    else {
      this.#sentences.set(runId, [...before, sentence]);
      this.#log.warn(fields, sentence);
    }
  }
}
