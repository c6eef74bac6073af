import { ACCEPTED, type Attack, type Outcome, type Setting } from "../attack.ts";
import { FLOOD, LATE, NO_SESSION } from "./federation.ts";
import type { Step } from "./honest-answers.ts";
import { contradictions, misdeeds } from "./misdeeds.ts";

/** A participant whose calls are not what the protocol has, at the coordinator's program. */
export const callAttacks: readonly Attack[] = [
  ...[...misdeeds, ...contradictions].map(({ name, step, expected }) =>
    calling(name, step, expected),
  ),
  calling(LATE, "submitUpdate", "wrong-phase"),
  calling(FLOOD, "submitUpdate", "replaced-upload"),
  calling(NO_SESSION, "acceptRound", "no-session"),
];

/** The attack whose goal is that a call is taken. The control is the honest call of that step. */
function calling(name: string, step: Step, expected: string): Attack {
  return {
    name,
    by: "participant",
    wants: "the coordinator to take it",
    expected,
    control: { kind: "sound message", run: (setting, signal) => taken(setting, step, signal) },
    run: (setting, signal) => attempted(setting, name, signal),
  };
}

async function attempted({ wire }: Setting, name: string, signal: AbortSignal): Promise<Outcome> {
  const { reasons, releasedBytes } = await wire.calls(signal);
  const got = reasons.get(name) ?? "not tried";
  return { got, releasedBytes, isGoalReached: got === ACCEPTED };
}

async function taken({ wire }: Setting, step: Step, signal: AbortSignal): Promise<Outcome> {
  const results = await wire.calls(signal);
  const isTaken = results.taken.has(step);
  const { releasedBytes } = results;
  return { got: isTaken ? ACCEPTED : "", releasedBytes, isGoalReached: isTaken };
}
