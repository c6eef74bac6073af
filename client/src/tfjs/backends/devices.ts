import { createRequire } from "node:module";
import { ClientError } from "../../error.ts";
import type { BackendName } from "./backend.ts";
import type { DeviceProbe } from "./probe-child.ts";
import type { Presence } from "./probe-request.ts";
import { installedTensorflow } from "./tensorflow.ts";

/** Backends with a driver, which is looked at from a distance. */
const DEVICES: readonly BackendName[] = ["tensorflow", "webgpu"];

/** What there is of devices, and why the others are not. */
export interface Devices {
  readonly present: readonly BackendName[];
  readonly absent: Readonly<Partial<Record<BackendName, string>>>;
}

/** Looks for devices; programs that pretend to be one do not count. Throws the signal's reason when aborted. */
export async function presentDevices(probe: DeviceProbe, signal: AbortSignal): Promise<Devices> {
  const isInstalled = installedTensorflow(createRequire(import.meta.url)) !== undefined;
  const wanted = DEVICES.filter((name) => name !== "tensorflow" || isInstalled);
  const presences = await Promise.all(wanted.map((name) => probe.presence(name, signal)));
  const absent: Partial<Record<BackendName, string>> = isInstalled
    ? {}
    : { tensorflow: "not installed" };
  const present: BackendName[] = [];
  for (const presence of presences) {
    if ("absent" in presence) absent[presence.backend] = presence.absent;
    else if (presence.isSoftware) absent[presence.backend] = `only a program: ${presence.device}`;
    else present.push(presence.backend);
  }
  return { present, absent };
}

/**
 * The device of a backend that was asked for, also where it is a program; undefined for backends without one. Throws {@link ClientError}
 * `backend-failed` where it is not there; the signal's reason when aborted.
 */
export async function requireDevice(
  backend: BackendName,
  probe: DeviceProbe,
  signal: AbortSignal,
): Promise<Presence | undefined> {
  if (!DEVICES.includes(backend)) return undefined;
  const presence = await probe.presence(backend, signal);
  if ("absent" in presence) {
    throw new ClientError("backend-failed", `no backend ${backend}: ${presence.absent}`);
  }
  return presence;
}
