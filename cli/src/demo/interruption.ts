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

/** What is to be done to the participant, and in which round. */
export interface Step {
  readonly action: "kill" | "restart";
  readonly round: number;
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

  /** What to do now that the event has come; undefined: nothing. */
  next(event: RunEvent): Step | undefined {
    const state = this.#state;
    if (state.kind === "waiting" && this.#isTime(event)) {
      const { round, phase } = event;
      this.#state = { kind: "killed", round, phase };
      return { action: "kill", round };
    }
    if (state.kind === "killed" && event.kind === "completed" && event.round.round >= state.round) {
      this.#state = { ...state, kind: "restarted" };
      return { action: "restart", round: event.round.round };
    }
    return undefined;
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
