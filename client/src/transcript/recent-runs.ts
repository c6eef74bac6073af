import type { Hash } from "@chorus/aggregation";

/** Something about each of the runs that were written last, so many at most: what is known of older ones is forgotten. */
export class RecentRuns<Value> {
  readonly #most: number;
  /** The one that was written last is the last. */
  readonly #values = new Map<Hash, Value>();

  constructor(most: number) {
    this.#most = most;
  }

  get(runId: Hash): Value | undefined {
    return this.#values.get(runId);
  }

  set(runId: Hash, value: Value): void {
    this.#values.delete(runId);
    this.#values.set(runId, value);
    for (const oldest of [...this.#values.keys()].slice(0, -this.#most))
      this.#values.delete(oldest);
  }
}
