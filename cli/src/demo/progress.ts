import type { CompletedRound, RunEvent, RunSummary } from "../operator/run.ts";

/** One line of the demo's table: a round that runs or ran. */
export interface RoundLine {
  readonly round: number;
  readonly phase: string;
  readonly delivered: number;
  /** Whom the phase asks; once completed, whom the round asked at its beginning. */
  readonly asked: number;
  /** Most that any phase of the round asked. */
  readonly invited: number;
  readonly attempt: number;
  readonly startedAtMs: number;
  readonly completed: CompletedRound | undefined;
  readonly accuracy: number | undefined;
  readonly block: number | undefined;
}

/** What is known of a run while it goes on: takes its events, one after the other. */
export class RunProgress {
  readonly #lines = new Map<number, RoundLine>();
  #run: RunSummary;

  constructor(run: RunSummary) {
    this.#run = run;
  }

  get run(): RunSummary {
    return this.#run;
  }

  /** By round. */
  get lines(): readonly RoundLine[] {
    return [...this.#lines.values()].sort((a, b) => a.round - b.round);
  }

  /** By round. */
  get completed(): readonly CompletedRound[] {
    return this.lines.flatMap(({ completed }) => completed ?? []);
  }

  /** `nowMs`: when the event came. */
  apply(event: RunEvent, nowMs: number): void {
    switch (event.kind) {
      case "run":
        this.#run = event.run;
        return;
      case "progress": {
        const { phase, delivered, asked, attempt } = event;
        const invited = Math.max(asked, this.#invited(event.round));
        this.#change(event.round, { phase, delivered, asked, invited, attempt }, nowMs);
        return;
      }
      case "abandoned":
        this.#change(event.round, { phase: "abandoned", delivered: 0, asked: 0 }, nowMs);
        return;
      case "completed": {
        const { round, survivors, cohort } = event.round;
        const asked = Math.max(cohort, this.#invited(round));
        const ended = { phase: "completed", delivered: survivors, asked };
        const block = event.round.ledgerEntry?.blockNumber;
        this.#change(round, { ...ended, completed: event.round, block }, nowMs);
        return;
      }
      case "committed":
        this.#change(event.round, { block: event.ledgerEntry.blockNumber }, nowMs);
        return;
    }
  }

  /** Adds the test accuracy of a completed round's model. */
  measured(round: number, accuracy: number, nowMs: number): void {
    this.#change(round, { accuracy }, nowMs);
  }

  #invited(round: number): number {
    return this.#lines.get(round)?.invited ?? 0;
  }

  #change(round: number, changes: Partial<RoundLine>, nowMs: number): void {
    const before = this.#lines.get(round) ?? emptyLine(round, nowMs);
    this.#lines.set(round, { ...before, ...changes });
  }
}

function emptyLine(round: number, startedAtMs: number): RoundLine {
  return {
    round,
    phase: "",
    delivered: 0,
    asked: 0,
    invited: 0,
    attempt: 1,
    startedAtMs,
    completed: undefined,
    accuracy: undefined,
    block: undefined,
  };
}
