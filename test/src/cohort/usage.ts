import { type ELDHistogram, monitorEventLoopDelay } from "node:perf_hooks";

/** What a process has used since its meter was made. */
export interface Usage {
  /** User and system time of all its threads. */
  readonly cpuSeconds: number;
  /** Resident memory when the meter was made, and the most since, looked at ten times a second. */
  readonly firstBytes: number;
  readonly peakBytes: number;
  /** The longest time in which it served no connection. */
  readonly longestStallSeconds: number;
}

/** Watches this process until it is disposed. */
export class UsageMeter implements Disposable {
  readonly #cpu = process.cpuUsage();
  readonly #firstBytes = process.memoryUsage.rss();
  readonly #delays: ELDHistogram = monitorEventLoopDelay({ resolution: 20 });
  readonly #looking: NodeJS.Timeout;
  #peakBytes = this.#firstBytes;

  constructor() {
    this.#delays.enable();
    this.#looking = setInterval(() => this.#look(), 100);
  }

  get usage(): Usage {
    this.#look();
    const { user, system } = process.cpuUsage(this.#cpu);
    return {
      cpuSeconds: (user + system) / 1e6,
      firstBytes: this.#firstBytes,
      peakBytes: this.#peakBytes,
      longestStallSeconds: this.#delays.max / 1e9,
    };
  }

  [Symbol.dispose](): void {
    clearInterval(this.#looking);
    this.#delays.disable();
  }

  #look(): void {
    this.#peakBytes = Math.max(this.#peakBytes, process.memoryUsage.rss());
  }
}
