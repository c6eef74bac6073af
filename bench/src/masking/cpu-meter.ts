/** Adds up the CPU time, user and system, that this process spends on what is measured. */
export class CpuMeter {
  #microseconds = 0;

  get seconds(): number {
    return this.#microseconds / 1e6;
  }

  /** Does `work`, which must not wait for anything, and counts its time. */
  measure<T>(work: () => T): T {
    const before = process.cpuUsage();
    try {
      return work();
    } finally {
      const { user, system } = process.cpuUsage(before);
      this.#microseconds += user + system;
    }
  }

  /** The same for work that waits, while nothing else is done. */
  async measureAsync<T>(work: () => Promise<T>): Promise<T> {
    const before = process.cpuUsage();
    try {
      return await work();
    } finally {
      const { user, system } = process.cpuUsage(before);
      this.#microseconds += user + system;
    }
  }
}

/** The middle one of an odd number of measurements. */
export function median(measurements: readonly number[]): number {
  const sorted = measurements.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
