import type { CompletedRound, RunEvent } from "../operator/run.ts";
import type { Interruption } from "../report/demo-result.ts";

/** Phases in which a participant that dies takes a part of the round with it. */
const lossyPhases: ReadonlySet<string> = new Set(["training", "collecting"]);

/** Who is to be killed, and when. */
export interface InterruptionPlan {
  readonly participant: string;
  readonly round: number;
  /** How many are asked to take part in a round. */
  readonly participants: number;
}

type State =
  | { readonly kind: "waiting" }
  | { readonly kind: "killed"; readonly round: number; readonly phase: string }
  | { readonly kind: "restarted"; readonly round: number; readonly phase: string };

/** Decides from a run's events when the victim dies and when it is started again. */
export class InterruptionDirector {
  readonly #plan: InterruptionPlan;
  #state: State = { kind: "waiting" };

  constructor(plan: InterruptionPlan) {
    this.#plan = plan;
  }

  /** What to do now that the event has come. */
  next(event: RunEvent): "kill" | "restart" | "nothing" {
    const state = this.#state;
    if (state.kind === "waiting" && this.#isTime(event)) {
      this.#state = { kind: "killed", round: event.round, phase: event.phase };
      return "kill";
    }
    if (state.kind === "killed" && event.kind === "completed" && event.round.round >= state.round) {
      this.#state = { ...state, kind: "restarted" };
      return "restart";
    }
    return "nothing";
  }

  /** What came of it, once the run has ended; undefined when nobody was killed. */
  outcome(rounds: readonly CompletedRound[]): Interruption | undefined {
    if (this.#state.kind === "waiting") return undefined;
    const { round, phase } = this.#state;
    const lost = rounds.find((completed) => completed.round === round);
    const back = rounds.find(
      (completed) =>
        completed.round > round && completed.survivors > (lost?.survivors ?? completed.survivors),
    );
    return {
      participant: this.#plan.participant,
      round,
      phase,
      survivors: lost?.survivors ?? 0,
      participants: this.#plan.participants,
      returnedInRound: back?.round,
    };
  }

  #isTime(event: RunEvent): event is Extract<RunEvent, { kind: "progress" }> {
    return (
      event.kind === "progress" && event.round >= this.#plan.round && lossyPhases.has(event.phase)
    );
  }
}
