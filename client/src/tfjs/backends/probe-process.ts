/** A process that looks at one backend and tells its parent: what a driver brings down is only this. */
import type { BackendName } from "./backend.ts";
import type { Measurements } from "./measure.ts";
import type { Absence, Probe } from "./probe.ts";
import type { Presence, ProbeRequest } from "./probe-request.ts";

const never = new AbortController().signal;

process.once("message", async (request: ProbeRequest) => {
  // The parent ends the process then: an exit of its own may be kept by a driver.
  process.send?.(await answerTo(request));
});
// Without the parent nobody wants to know.
process.once("disconnect", () => process.exit());

async function answerTo(
  request: ProbeRequest,
): Promise<Presence | Probe | (Probe & Measurements) | Absence> {
  const { backend } = request;
  try {
    if (request.kind === "presence") return await presenceOf(backend);
    const { probeBackend } = await import("./probe.ts");
    const probe = await probeBackend(backend, request.plan, never);
    if (request.kind === "training") return probe;
    const { measureBackend } = await import("./measure.ts");
    return { ...probe, ...(await measureBackend(backend, request.plan, never)) };
  } catch (error) {
    return { backend, absent: error instanceof Error ? error.message : String(error) };
  }
}

async function presenceOf(backend: BackendName): Promise<Presence> {
  // An adapter is found in a tenth of the time that TensorFlow.js takes to load.
  if (backend === "webgpu") {
    const { findAdapter } = await import("./graphics-adapter.ts");
    const { device, isSoftware } = await findAdapter(never);
    return { backend, device, isSoftware };
  }
  const { openRung } = await import("./open-rung.ts");
  const { device, isSoftware } = await openRung(backend, never);
  return { backend, device, isSoftware };
}
