import { type Hash, type Plan, planHash } from "@chorus/aggregation";
import type { Logger } from "pino";
import { ClientError } from "../../error.ts";
import type { BackendName, OpenBackend } from "./backend.ts";
import { type BackendChoice, chooseBackend, objection } from "./choose-backend.ts";
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

/** What may train. */
type Candidates = readonly [BackendName, ...BackendName[]];

/** How often a device that is not there for a plan is looked for: what keeps it may pass, as other programs' use of its memory. */
const LOOKS = 3;

/**
 * The backends of this machine, from which each plan gets the fastest that is right. A device that failed is not tried
 * again in this process. Dispose it: that frees the devices.
 */
export class Ladder implements Disposable {
  readonly #log: Pick<Logger, "info" | "warn">;
  readonly #deviceProbe: DeviceProbe;
  /** What to do where nothing is left that trains. */
  readonly #advice: string;
  readonly #opened = new Map<BackendName, OpenBackend>();
  /** What backends made of plans at last, and how often they were looked at: a trainer may be built again. */
  readonly #results = new Map<
    string,
    { readonly result: Probe | Absence; readonly times: number }
  >();
  /** What the log was told of each plan, by its hash. */
  readonly #told = new Map<Hash, BackendName>();
  /** What may train, the devices first. Never empty. */
  #candidates: Candidates;
  #chosen: BackendName | undefined;

  private constructor(
    candidates: Candidates,
    { log, deviceProbe, backend }: LadderOptions & { readonly deviceProbe: DeviceProbe },
  ) {
    this.#candidates = candidates;
    this.#log = log;
    this.#deviceProbe = deviceProbe;
    this.#advice = backend === undefined ? "restart" : "restart, or leave out --backend";
  }

  /**
   * Looks for devices, while WASM starts. Throws {@link ClientError} `backend-failed` where the backend that was asked for is not to be
   * had; the signal's reason when aborted.
   */
  static async open(
    { backend, log, deviceProbe = new ChildProbe() }: LadderOptions,
    signal: AbortSignal,
  ): Promise<Ladder> {
    const options = { backend, log, deviceProbe };
    if (backend !== undefined) {
      const device = await requireDevice(backend, deviceProbe, signal);
      if (device === undefined) await openRung(backend, signal);
      if (device?.isSoftware)
        log.warn(device, "training will be slow: this is a program, not a GPU");
      return new Ladder([backend], options);
    }
    log.info("looking for what can train here");
    const [{ present, absent }] = await Promise.all([
      presentDevices(deviceProbe, signal),
      openRung("wasm", signal),
    ]);
    const [first = "wasm", ...others] = [...present, "wasm"] as const;
    const candidates: Candidates = [first, ...others];
    log.info({ candidates, absent }, "looked for what can train here");
    return new Ladder(candidates, options);
  }

  /** The backend in use, for people; before a plan has decided, all that it may come to. */
  get backend(): string {
    return this.#chosen ?? this.#candidates.join(" or ");
  }

  /**
   * Opens and selects the backend for a plan: nothing is measured where there is only one. Throws {@link ClientError} `backend-failed`
   * where none is right for this plan, `no-backend` where the last of them has failed and no plan can be trained any more; the signal's
   * reason when aborted.
   */
  async choose(plan: Plan, signal: AbortSignal): Promise<ChosenBackend> {
    this.#dropFailed();
    const choice = this.#candidates.length > 1 ? await this.#compare(plan, signal) : undefined;
    const name = choice?.probe.backend ?? this.#candidates[0];
    try {
      const opened = await openRung(name, signal);
      this.#opened.set(name, opened);
      this.#chosen = name;
      return { opened, isChecked: choice !== undefined };
    } catch (error) {
      if (!(error instanceof ClientError)) throw error;
      this.#drop(name, error);
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

  /** Throws {@link ClientError} `no-backend` where nothing else may train. */
  #drop(name: BackendName, err: ClientError): void {
    const [next, ...others] = this.#candidates.filter((candidate) => candidate !== name);
    if (next === undefined) {
      const text = `nothing is left here that trains: ${err.message}; ${this.#advice}`;
      throw new ClientError("no-backend", text, { cause: err });
    }
    this.#log.warn({ backend: name, err }, "a backend failed and trains no more");
    this.#candidates = [next, ...others];
  }

  /** Measures all that may train. Throws {@link ClientError} `backend-failed` where none is right. */
  async #compare(plan: Plan, signal: AbortSignal): Promise<BackendChoice> {
    const hash = planHash(plan);
    const results: (Probe | Absence)[] = [];
    // One after the other: they are timed.
    for (const name of this.#candidates) {
      results.push(await this.#probe(name, { plan, hash }, signal));
    }
    const choice = chooseBackend(results);
    if (choice === undefined) throw new ClientError("backend-failed", noneOf(results));
    const { probe, passedOver } = choice;
    if (this.#told.get(hash) === probe.backend) return choice;
    this.#told.set(hash, probe.backend);
    this.#log.info({ ...probe, passedOver }, "chose what trains");
    return choice;
  }

  async #probe(
    name: BackendName,
    { plan, hash }: { readonly plan: Plan; readonly hash: Hash },
    signal: AbortSignal,
  ): Promise<Probe | Absence> {
    const key = `${name} ${hash}`;
    const known = this.#results.get(key);
    if (known !== undefined && (!("absent" in known.result) || known.times === LOOKS)) {
      return known.result;
    }
    const result =
      name === "wasm"
        ? await probeHere(name, plan, signal)
        : await this.#deviceProbe.training(name, plan, signal);
    this.#results.set(key, { result, times: (known?.times ?? 0) + 1 });
    return result;
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
