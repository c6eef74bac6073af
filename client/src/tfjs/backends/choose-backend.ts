import { gradientProblem } from "../backend-check.ts";
import type { BackendName } from "./backend.ts";
import type { Absence, Probe } from "./probe.ts";

/** Which backend trains, and why none of the others does. */
export interface BackendChoice {
  readonly probe: Probe;
  /** By backend, in words. */
  readonly passedOver: Readonly<Partial<Record<BackendName, string>>>;
}

/**
 * The fastest backend whose gradient is right, or undefined where none is. Neither plain JavaScript nor a program that pretends to be
 * a graphics processor is chosen.
 */
export function chooseBackend(results: readonly (Probe | Absence)[]): BackendChoice | undefined {
  const eligible = results.filter(
    (result): result is Probe => !("absent" in result) && objection(result) === undefined,
  );
  const [probe] = eligible.toSorted((one, other) => one.stepMs - other.stepMs);
  if (probe === undefined) return undefined;
  const reasons = results
    .filter(({ backend }) => backend !== probe.backend)
    .map((result) => [result.backend, whyNot(result, probe)]);
  return { probe, passedOver: Object.fromEntries(reasons) };
}

/** Why a backend that opens does not train, whatever its speed; undefined where it may. */
export function objection(probe: Probe): string | undefined {
  const problem = gradientProblem(probe);
  if (problem !== undefined) return `its ${problem}`;
  if (probe.backend === "cpu") return "plain JavaScript trains only when asked for";
  if (probe.isSoftware) return `${probe.device} is a program, not a graphics processor`;
  return undefined;
}

function whyNot(result: Probe | Absence, chosen: Probe): string {
  if ("absent" in result) return result.absent;
  const slower = `${result.stepMs.toFixed(2)} ms a step, ${chosen.backend} ${chosen.stepMs.toFixed(2)}`;
  return objection(result) ?? slower;
}
