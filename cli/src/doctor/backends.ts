import type { Plan } from "@chorus/aggregation";
import {
  type Absence,
  BACKEND_NAMES,
  type BackendName,
  type ChildProbe,
  chooseBackend,
  gradientProblem,
  type Measurements,
  objection,
  type Probe,
} from "@chorus/client";
import { type Finding, fail, ok, warn } from "./finding.ts";

/** What a backend is, can and does here; or why it is not there. */
export type BackendReport = (Probe & Measurements) | Absence;

/** Looks at backends. */
export type BackendProbe = Pick<ChildProbe, "presence" | "everything">;

/** What of this machine trains a plan. */
export interface TrainingReport {
  readonly plan: string;
  /** What would train the plan. */
  readonly chosen: BackendName | undefined;
  /** Why the others would not. */
  readonly passedOver: Readonly<Partial<Record<BackendName, string>>>;
  readonly backends: readonly BackendReport[];
}

/** Beyond this a step of the demo's small model takes a hundred times longer than on an ordinary laptop. */
const slowStepMs = 30;

/**
 * Measures each backend in a process of its own, one after the other. `wanted`: only this one, which is then measured, and chosen, also where it
 * is slow, or a program. Throws the signal's reason when aborted.
 */
export async function examineBackends(
  plan: Plan,
  wanted: BackendName | undefined,
  probe: BackendProbe,
  signal: AbortSignal,
): Promise<TrainingReport> {
  const backends: BackendReport[] = [];
  for (const name of wanted === undefined ? BACKEND_NAMES : [wanted]) {
    const absence = wanted === undefined ? await programOf(name, probe, signal) : undefined;
    backends.push(absence ?? (await probe.everything(name, plan, signal)));
  }
  return { plan: plan.name, backends, ...choiceOf(backends, wanted) };
}

/** Whether a machine can train, as a finding beside the others. */
export function trainingFinding({ plan, chosen, backends, passedOver }: TrainingReport): Finding {
  const name = "training";
  const trains = backends.find(({ backend }) => backend === chosen);
  if (trains === undefined || "absent" in trains) {
    const why = Object.entries(passedOver).map(([backend, reason]) => `${backend}: ${reason}`);
    return fail(name, `nothing trains ${plan}: ${why.join("; ")}`, "See docs/backends.md.");
  }
  const { backend, stepMs, method, relativeError, leak } = trains;
  const scale = method === "slope" ? " of the loss' slope along it" : "";
  const found = `${backend} trains ${plan}: ${stepMs.toFixed(2)} ms a step, gradient off by ${relativeError.toExponential(1)}${scale}`;
  if (leak.tensors !== 0 || leak.bytes !== 0) {
    const leaked = `${found}; ${leak.steps} steps leave ${leak.tensors} tensors`;
    return warn(name, leaked, "Long runs will need more and more memory. Please report it.");
  }
  if (stepMs <= slowStepMs) return ok(name, found);
  return warn(
    name,
    found,
    "Close other programs, or give it a core of its own: training will be slow.",
  );
}

/** An absence where all that there is of a graphics processor is a program: measuring it takes minutes. */
async function programOf(
  backend: BackendName,
  probe: BackendProbe,
  signal: AbortSignal,
): Promise<Absence | undefined> {
  if (backend !== "webgpu") return undefined;
  const found = await probe.presence(backend, signal);
  if ("absent" in found) return found;
  if (!found.isSoftware) return undefined;
  return { backend, absent: `only a program, ${found.device}: --backend webgpu measures it` };
}

function choiceOf(
  backends: readonly BackendReport[],
  wanted: BackendName | undefined,
): Pick<TrainingReport, "chosen" | "passedOver"> {
  const [first] = backends;
  if (wanted !== undefined && first !== undefined && !("absent" in first)) {
    // Asked for: only a wrong gradient speaks against it.
    const problem = gradientProblem(first);
    if (problem === undefined) return { chosen: wanted, passedOver: {} };
    return { chosen: undefined, passedOver: { [wanted]: `its ${problem}` } };
  }
  const choice = chooseBackend(backends);
  if (choice !== undefined) return { chosen: choice.probe.backend, passedOver: choice.passedOver };
  const reasons = backends.map((report) => [
    report.backend,
    "absent" in report ? report.absent : objection(report),
  ]);
  return { chosen: undefined, passedOver: Object.fromEntries(reasons) };
}
