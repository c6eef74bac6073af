import { type Plan, planHash } from "@chorus/aggregation";
import type { Logger } from "pino";
import { ClientError } from "../../error.ts";
import type { BackendName, OpenBackend } from "./backend.ts";
import { chooseBackend, objection } from "./choose-backend.ts";
import { presentDevices, requireDevice } from "./devices.ts";
import { openRung } from "./open-rung.ts";
import { type Absence, type Probe, probeBackend } from "./probe.ts";
import { ChildProbe, type DeviceProbe } from "./probe-child.ts";

export interface LadderOptions {
  /** The backend that trains, whatever its speed; else the fastest that is right. */
  readonly backend?: BackendName | undefined;
  readonly log: Pick<Logger, "info" | "warn">;
  /** Looks at devices; by default a {@link ChildProbe}. */
  readonly deviceProbe?: DeviceProbe;
}

/** A backend that is open, and whether its gradient has been compared with the reference's on the plan that it was chosen for. */
export interface ChosenBackend {
  readonly opened: OpenBackend;
  readonly isChecked: boolean;
}

/**
 * The backends of this machine, from which each plan gets the fastest that is right. A device that failed is not tried
 * again in this process. Dispose it: that frees the devices.
 */
export class Ladder implements Disposable {
  readonly #log: Pick<Logger, "info" | "warn">;
  readonly #deviceProbe: DeviceProbe;
  readonly #opened = new Map<BackendName, OpenBackend>();
  /** What backends made of plans: a trainer may be built again. */
  readonly #probes = new Map<string, Probe | Absence>();
  /** What may train, the devices first. Never empty. */
  #candidates: readonly BackendName[];
  #chosen: BackendName | undefined;

  private constructor(
    candidates: readonly BackendName[],
    log: Pick<Logger, "info" | "warn">,
    deviceProbe: DeviceProbe,
  ) {
    this.#candidates = candidates;
    this.#log = log;
    this.#deviceProbe = deviceProbe;
  }

  /**
   * Looks for devices, while WASM starts. Throws {@link ClientError} `backend-failed` where the backend that was asked for is not to be
   * had; the signal's reason when aborted.
   */
  static async open(
    { backend, log, deviceProbe = new ChildProbe() }: LadderOptions,
    signal: AbortSignal,
  ): Promise<Ladder> {
    if (backend !== undefined) {
      const device = await requireDevice(backend, deviceProbe, signal);
      if (device === undefined) await openRung(backend, signal);
      if (device?.isSoftware)
        log.warn(device, "training will be slow: this is a program, not a GPU");
      return new Ladder([backend], log, deviceProbe);
    }
    const [{ present, absent }] = await Promise.all([
      presentDevices(deviceProbe, signal),
      openRung("wasm", signal),
    ]);
    const candidates: readonly BackendName[] = [...present, "wasm"];
    log.info({ candidates, absent }, "looked for what can train here");
    return new Ladder(candidates, log, deviceProbe);
  }

  /** The backend in use, for people; before a plan has decided, all that it may come to. */
  get backend(): string {
    return this.#chosen ?? this.#candidates.join(" or ");
  }

  /**
   * Opens and selects the backend for a plan: nothing is measured where there is only one. Throws {@link ClientError} `backend-failed`
   * where none is right, and where the one that was asked for has failed; the signal's reason when aborted.
   */
  async choose(plan: Plan, signal: AbortSignal): Promise<ChosenBackend> {
    this.#dropFailed();
    const [only, another] = this.#candidates;
    if (only !== undefined && another === undefined) {
      return { opened: await this.#open(only, signal), isChecked: false };
    }
    const results: (Probe | Absence)[] = [];
    // One after the other: they are timed.
    for (const name of this.#candidates) results.push(await this.#probe(name, plan, signal));
    const choice = chooseBackend(results);
    if (choice === undefined) throw new ClientError("backend-failed", noneOf(results));
    const { probe, passedOver } = choice;
    this.#log.info({ ...probe, passedOver }, "chose what trains");
    try {
      return { opened: await this.#open(probe.backend, signal), isChecked: true };
    } catch (error) {
      if (!(error instanceof ClientError)) throw error;
      this.#drop(probe.backend, error);
      return await this.choose(plan, signal);
    }
  }

  [Symbol.dispose](): void {
    for (const opened of this.#opened.values()) opened[Symbol.dispose]();
  }

  /** Closes devices that were lost. */
  #dropFailed(): void {
    for (const [name, opened] of this.#opened) {
      if (!opened.failed.aborted) continue;
      opened[Symbol.dispose]();
      this.#drop(name, opened.failed.reason);
      this.#opened.delete(name);
    }
  }

  /** Throws where nothing else may train. */
  #drop(name: BackendName, err: ClientError): void {
    const others = this.#candidates.filter((candidate) => candidate !== name);
    if (others.length === 0) throw err;
    this.#log.warn({ backend: name, err }, "a backend failed and trains no more");
    this.#candidates = others;
  }

  async #probe(name: BackendName, plan: Plan, signal: AbortSignal): Promise<Probe | Absence> {
    const key = `${name} ${planHash(plan)}`;
    const probe =
      this.#probes.get(key) ??
      (name === "wasm"
        ? await probeHere(name, plan, signal)
        : await this.#deviceProbe.training(name, plan, signal));
    this.#probes.set(key, probe);
    return probe;
  }

  async #open(name: BackendName, signal: AbortSignal): Promise<OpenBackend> {
    const opened = await openRung(name, signal);
    this.#opened.set(name, opened);
    this.#chosen = name;
    return opened;
  }
}

/** What has no driver to be afraid of is looked at in this process. */
async function probeHere(
  name: BackendName,
  plan: Plan,
  signal: AbortSignal,
): Promise<Probe | Absence> {
  try {
    return await probeBackend(name, plan, signal);
  } catch (error) {
    if (!(error instanceof ClientError)) throw error;
    return { backend: name, absent: error.message };
  }
}

function noneOf(results: readonly (Probe | Absence)[]): string {
  const reasons = results.map((result) => {
    const why = "absent" in result ? result.absent : (objection(result) ?? "is right");
    return `${result.backend}: ${why}`;
  });
  return `no backend trains the plan's model rightly; ${reasons.join("; ")}`;
}
