import { EventEmitter, on } from "node:events";
import type { Hash } from "@chorus/aggregation";
import type { RoundCommit, RoundRow, RunRecord } from "../store/store.ts";

/** How far the phase of a round has come. */
export interface PhaseProgress {
  readonly round: number;
  readonly attempt: number;
  readonly phase: string;
  readonly delivered: number;
  readonly asked: number;
}

/** What happens in a run, as it happens. */
export type RunEvent =
  | { readonly kind: "run"; readonly run: RunRecord }
  | { readonly kind: "progress"; readonly progress: PhaseProgress }
  | {
      readonly kind: "abandoned";
      readonly round: number;
      readonly attempt: number;
      readonly reason: string;
    }
  | { readonly kind: "completed"; readonly row: RoundRow }
  | { readonly kind: "committed"; readonly commit: RoundCommit };

/** Tells watchers what happens in runs. Nobody has to listen. */
export class RunFeed {
  readonly #emitter: EventEmitter = new EventEmitter().setMaxListeners(0);

  publish(runId: Hash, event: RunEvent): void {
    this.#emitter.emit(runId, event);
  }

  /** The run's events from now on, until the signal aborts. Subscribes at once, not at the first `next`. */
  watch(runId: Hash, signal: AbortSignal): AsyncIterable<RunEvent> {
    const events = on(this.#emitter, runId, { signal });
    return (async function* () {
      try {
        for await (const [event] of events) yield event as RunEvent;
      } catch (error) {
        if (!signal.aborted) throw error;
      }
    })();
  }
}
